"""What a node sees of the file system and others do not: its own /sys, empty directories, files laid over others."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from .syscalls import MS_BIND, MS_NODEV, MS_NOSUID, MS_REC, mount


def furnish(empty: Iterable[str], binds: Mapping[str, str], files: Mapping[str, str], store: Path) -> None:
    """Mounts of a node's own, in its mount namespace: /sys of its interfaces, ``empty`` directories, ``binds`` from
    place to source, and ``files`` with their text, which lies in ``store``."""
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV)
    for directory in empty:
        _empty(Path(directory))
    for target, source in binds.items():
        Path(source).mkdir(parents=True, exist_ok=True)
        _make_place(Path(target), directory=True)
        mount(source, target, flags=MS_BIND)
    for path, text in files.items():
        lay_file(path, text, store)


def lay_file(path: str, text: str, store: Path) -> None:
    """Show a file of our own at ``path``, in this mount namespace alone."""
    source = store / path.strip("/").replace("/", "_")
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    target = Path(path).resolve()
    _make_place(target)
    mount(str(source), str(target), flags=MS_BIND)


def _empty(directory: Path) -> None:
    """An empty directory; of those in it, daemons expect that they exist (/run/sshd)."""
    _make_place(directory, directory=True)
    expected = [entry.name for entry in directory.iterdir() if entry.is_dir()]
    mount("tmpfs", str(directory), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for name in expected:
        (directory / name).mkdir()


def _make_place(path: Path, directory: bool = False) -> None:
    """Something to mount on, also where the lab sees the machine's files and may not write: beside what is there."""
    if path.exists():
        return
    try:
        _make(path, directory)
    except OSError:
        _show_again(next(above for above in path.parents if above.exists()))
        _make(path, directory)


def _make(path: Path, directory: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if directory else path.touch()


def _show_again(directory: Path) -> None:
    """Put an empty directory in the place of this one, and all that was in it into that."""
    entries = [(entry.name, entry.is_symlink() and os.readlink(entry), entry.is_dir()) for entry in directory.iterdir()]
    before = os.open(directory, os.O_PATH)
    mount("tmpfs", str(directory), "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    for name, link, is_directory in entries:
        again = directory / name
        if link:
            again.symlink_to(link)
        else:
            _make(again, is_directory)
            mount(f"/proc/self/fd/{before}/{name}", str(again), flags=MS_BIND | MS_REC)
    os.close(before)
