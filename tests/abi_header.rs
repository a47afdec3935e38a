//! The header as a C or C++ programmer meets it: it compiles everywhere without a warning, and its example runs.

mod support;

use std::path::Path;
use std::process::Command;

use support::c;
use support::header::{Header, root};

#[test]
fn it_compiles_without_warnings_as_every_c_and_cpp() {
    let folder = c::scratch("header-standards");
    let header = Header::read();
    // Every function's address is taken: what is declared must link, too.
    let table: String = header.functions.iter().map(|f| format!("    (void (*)(void)){f},\n")).collect();
    let one = format!(
        "#include <scumble.h>\n#include <scumble.h>\nint other(void);\n\
         static void (*volatile all[])(void) = {{\n{table}}};\n\
         int main(void) {{ return sizeof all / sizeof all[0] == {} && all[0] && other() == -15 ? 0 : 1; }}\n",
        header.functions.len()
    );
    let two = "#include \"scumble.h\"\nint other(void);\nint other(void) { return SCUMBLE_ERROR_MEMORY; }\n";
    let library = c::library();
    for (plus_plus, standards) in
        [(false, &["c11", "c17", "c2x"][..]), (true, &["c++11", "c++14", "c++17", "c++20"])]
    {
        let ending = if plus_plus { "cpp" } else { "c" };
        let files = [folder.join(format!("one.{ending}")), folder.join(format!("two.{ending}"))];
        std::fs::write(&files[0], &one).unwrap();
        std::fs::write(&files[1], two).unwrap();
        let files: Vec<&Path> = files.iter().map(|f| f.as_path()).chain([library.as_path()]).collect();
        for compiler in c::compilers(plus_plus) {
            for standard in standards {
                let out = folder.join(format!("{compiler}-{standard}"));
                let standard = format!("-std={standard}");
                let flags: Vec<&str> =
                    [standard.as_str()].into_iter().chain(c::STRICT.iter().copied()).collect();
                c::compile(&compiler, &flags, &files, &out);
                let status = Command::new(&out).env("LD_LIBRARY_PATH", library.parent().unwrap()).status();
                assert!(status.expect("it runs").success(), "{compiler} {standard}");
            }
        }
    }
}

#[test]
fn the_example_at_its_top_compiles_and_runs_on_the_default_model() {
    let header = Header::read();
    let lines: Vec<&str> = header.text.lines().collect();
    let from = lines.iter().position(|line| line.ends_with("#include <scumble.h>")).expect("an example");
    let to = from + lines[from..].iter().position(|line| *line == " *     }").expect("its end");
    let example: String =
        lines[from..=to].iter().map(|line| format!("{}\n", line.get(7..).unwrap_or(""))).collect();
    // As it is installed: the library in lib, the model in share.
    let folder = c::scratch("header-example");
    c::install(&folder.join("lib"));
    std::fs::create_dir_all(folder.join("share/scumble/models")).unwrap();
    let model = root().join("models/default");
    assert!(model.join("model_index.json").is_file(), "the default model is not in {}", model.display());
    std::os::unix::fs::symlink(&model, folder.join("share/scumble/models/default")).unwrap();
    let source = folder.join("example.c");
    std::fs::write(&source, &example).unwrap();
    let library = folder.join("lib/libscumble.so");
    for (compiler, standard) in [("cc", "-std=c11"), ("c++", "-std=c++17")] {
        let out = folder.join(compiler);
        let language = if compiler == "c++" { "-xc++" } else { "-xc" };
        let flags: Vec<&str> =
            [standard].into_iter().chain(c::STRICT.iter().copied()).chain([language]).collect();
        let object = folder.join("example.o");
        c::compile(compiler, &[&flags[..], &["-c"]].concat(), &[&source], &object);
        c::compile(compiler, &[], &[&object, &library], &out);
        let output = Command::new(&out).env("LD_LIBRARY_PATH", folder.join("lib")).output().unwrap();
        let said = c::said(&output);
        assert!(output.status.success(), "{said}");
        assert!(said.starts_with("256 x 256, ") && said.ends_with(" us\n"), "{said:?}");
    }
}
