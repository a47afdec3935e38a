#!/usr/bin/env python3
"""Makes every golden file and the tiny model folders again. See README.md beside this file.

python tests/golden/make.py [schedulers] [tokenizer] [models] [pipelines] [--only NAME]

--only makes just the models and pipelines whose name begins with NAME.
"""

import argparse
import os
import pathlib
import sys

sys.dont_write_bytecode = True
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = os.environ["DIFFUSERS_VERBOSITY"] = "error"

HERE = pathlib.Path(__file__).resolve().parent
MODELS = HERE.parent.parent / "models" / "tiny"
PARTS = ("schedulers", "tokenizer", "models", "pipelines")


def pinned(path):
    """NAME==VERSION of a file of requirements and of those that it names."""
    for line in path.read_text().split("\n"):
        if line.startswith("-r "):
            yield from pinned(path.parent / line[3:].strip())
        elif line.strip():
            yield line.strip()


def check_versions():
    from importlib import metadata

    for line in pinned(HERE / "requirements.txt"):
        name, _, wanted = line.partition("==")
        found = metadata.version(name).split("+")[0]
        if found != wanted:
            raise SystemExit(f"{name} is {found}; requirements.txt pins {wanted}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--only", default="", metavar="NAME")
    parser.add_argument("--any-version", action="store_true", help="whatever is installed")
    args = parser.parse_args()
    unknown = set(args.parts) - set(PARTS)
    if unknown:
        raise SystemExit(f"unknown part: {', '.join(sorted(unknown))}")
    wanted = args.parts or PARTS
    if not args.any_version:
        check_versions()
    import torch

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if "schedulers" in wanted:
        import schedulers

        print(schedulers.make(HERE), "scheduler cases")
    if "tokenizer" in wanted:
        import tokenizing

        print(tokenizing.make(HERE), "tokenizer rows")
    if "models" in wanted:
        import adapters
        import controls
        import flow
        import flux_kin
        import folders
        import fused
        import inversions
        import klein
        import loras
        import pix2pix
        import sana
        import tiny
        import z_image

        makers = (tiny, flow, flux_kin, fused, pix2pix, klein, z_image, sana, adapters)
        made = sum(folders.make(part, MODELS, args.only) for part in makers)
        parts = (controls, loras, inversions)
        print(made + sum(part.make(MODELS, args.only) for part in parts), "tiny models")
    if "pipelines" in wanted:
        import pipelines
        import regions

        made = sum(part.make(HERE / "pipelines", MODELS, args.only) for part in (pipelines, regions))
        print(made, "pipeline cases")


if __name__ == "__main__":
    main()
