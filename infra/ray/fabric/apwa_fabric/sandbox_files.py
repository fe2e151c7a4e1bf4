"""`python -I -S sandbox_files.py`: prints which files Python itself is made of, as JSON: `program`, `library` (where
its modules are), `objects` (shared objects that are elsewhere, by the paths that the loader finds them by) and `hidden`
(folders within `library` that are others')."""

import ctypes
import importlib
import json
import os
import sys
import warnings
from pathlib import Path


class _Loaded(ctypes.Structure):
    _fields_ = (("address", ctypes.c_void_p), ("name", ctypes.c_char_p))


_LOOK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Loaded), ctypes.c_size_t, ctypes.c_void_p)


def main() -> None:
    library = Path(os.__file__).parent
    _load_extensions(library / "lib-dynload")
    objects = outside_of(str(library), _loaded())
    program = os.path.realpath(sys.executable)
    others = [library / name for name in ("site-packages", "dist-packages")]
    hidden = [str(one) for one in others if one.is_dir()]
    print(json.dumps({"program": program, "library": str(library), "objects": objects, "hidden": hidden}))  # noqa: T201


def outside_of(library: str, loaded: list[str]) -> list[str]:
    """Of shared objects those that are no part of a folder. What is found beside another has `..` in its path."""
    places = {os.path.normpath(one) for one in loaded if one.startswith("/")}
    return sorted(one for one in places if not one.startswith(f"{library}/"))


def _load_extensions(folder: Path) -> None:
    """What one of them needs is loaded with it. Some can't be had everywhere."""
    warnings.simplefilter("ignore")
    for file in sorted(folder.glob("*.so")):
        name = file.name.partition(".")[0]
        if not name.startswith(("_test", "_xx", "_tkinter", "xx")):
            try:
                importlib.import_module(name)
            except ImportError:
                continue


def _loaded() -> list[str]:
    names: list[str] = []

    def look(one: "ctypes._Pointer[_Loaded]", _size: int, _data: int) -> int:
        if one.contents.name:
            names.append(os.fsdecode(one.contents.name))
        return 0

    ctypes.CDLL(None).dl_iterate_phdr(_LOOK(look), None)
    return names


if __name__ == "__main__":
    main()
