module scumble.example/host

go 1.19
