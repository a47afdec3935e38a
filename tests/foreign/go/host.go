// A host in Go: cgo reads the header as it is. Argument: a model folder.
package main

// #cgo LDFLAGS: -lscumble
// #include <scumble.h>
// #include <stdlib.h>
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

const side = 64

func must(status C.int32_t) C.int32_t {
	if status < 0 {
		fmt.Fprintf(os.Stderr, "status %d: %s\n", status, C.GoString(C.scumble_last_error()))
		os.Exit(1)
	}
	return status
}

func main() {
	if C.scumble_abi_fits(C.scumble_abi_version()) == 0 {
		fmt.Fprintln(os.Stderr, "the library is of another version")
		os.Exit(1)
	}
	model := C.CString(os.Args[1])
	defer C.free(unsafe.Pointer(model))
	var options C.ScumbleEngineOptions
	must(C.scumble_engine_options_init(&options, C.sizeof_ScumbleEngineOptions))
	options.model_dir = model
	var engine *C.ScumbleEngine
	must(C.scumble_engine_create(&options, &engine))
	defer C.scumble_engine_release(engine)
	var layer *C.ScumbleSession
	must(C.scumble_session_create(engine, &layer))
	defer C.scumble_session_release(layer)

	// cgo lets no struct of C's hold a pointer to memory of Go's.
	paint := C.malloc(side * side * 4)
	defer C.free(paint)
	for i, pixels := 0, unsafe.Slice((*byte)(paint), side*side*4); i < len(pixels); i++ {
		pixels[i] = byte(i%251) | 3
	}
	var image C.ScumbleImage
	must(C.scumble_image_init(&image, C.sizeof_ScumbleImage))
	image.format = C.SCUMBLE_FORMAT_RGBX8
	image.canvas_width, image.canvas_height = side, side
	image.rect.width, image.rect.height = side, side
	image.stride, image.byte_length = side*4, side*side*4
	image.pixels = paint
	var revision C.uint64_t
	must(C.scumble_session_push(layer, &image, 1, nil, 0, &revision))
	if must(C.scumble_session_wait(layer, 120000)) != C.SCUMBLE_OK {
		fmt.Fprintln(os.Stderr, "no picture within two minutes")
		os.Exit(1)
	}
	var frame *C.ScumbleFrame
	if must(C.scumble_session_poll(layer, 0, &frame)) != C.SCUMBLE_OK {
		fmt.Fprintln(os.Stderr, "no frame")
		os.Exit(1)
	}
	defer C.scumble_frame_release(frame)
	var info C.ScumbleFrameInfo
	must(C.scumble_frame_info_init(&info, C.sizeof_ScumbleFrameInfo))
	must(C.scumble_frame_info(frame, &info))
	picture := make([]byte, side*side*4)
	must(C.scumble_frame_copy(frame, &info.covers, unsafe.Pointer(&picture[0]), side*4, C.size_t(len(picture))))
	colours := map[[3]byte]bool{}
	for i := 0; i < len(picture); i += 4 {
		colours[[3]byte{picture[i], picture[i+1], picture[i+2]}] = true
	}
	fmt.Printf("revision %d of %d, %d colours\n", info.revision, revision, len(colours))
	if info.revision != revision || len(colours) < 8 {
		os.Exit(1)
	}
}
