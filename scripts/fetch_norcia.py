"""Get the Norcia files of a station from Zenodo, and go on where a broken download ended."""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import shlex
import shutil
import sys
import tarfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TransferSpeedColumn

from tremor.data.sources.norcia_files import FileSet
from tremor.errors import STOPPED, Refused, TremorError
from tremor.files import CHUNK, told, whole_file

RECORD = "https://zenodo.org/api/records/12795621"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
TRIES = 5  # in a row without a byte
WAIT = 2.0  # s before another try, longer each time
TIMEOUT = 60.0  # s without an answer
DROPPED = (OSError, http.client.HTTPException)
"""What a lost connection is told as."""
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError)
"""What is told of archives that cannot be unpacked."""


class Remote(NamedTuple):
    """A file of the record: its name, size in bytes, MD5 and address."""

    name: str
    size: int
    md5: str
    url: str


def parser() -> argparse.ArgumentParser:
    """Where to, which station, from where."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument("--out", type=Path, default=Path("data"), help="folder (default data)")
    made.add_argument("--station", default="NRCA", help="station (default NRCA)")
    made.add_argument("--url", default=RECORD, help=f"the record (default {RECORD})")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is not there yet; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        fetch(asked.out, asked.station, asked.url)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this ended", file=sys.stderr)
        return STOPPED
    where = shlex.quote(f"dataset.data_dir={asked.out}")
    station = f" dataset.station={asked.station}" if asked.station != "NRCA" else ""
    print(
        "Next:\n  python simple_train.py experiment=fore_aftershock/finetune_xlstm_unet_2class \\"
    )
    print(f"    {where}{station}")
    return 0


def fetch(out: Path, station: str, url: str) -> None:
    """All files of a station, or the archives that may hold them, which are unpacked."""
    wanted = FileSet("hdf5", out, station)
    if not wanted.missing():
        print(f"all files of {station} are in {out} already")
        return
    for remote in chosen(listed(url), wanted, url):
        path = download(remote, out)
        if path.name.endswith(ARCHIVES):
            unpack(path, wanted)
    if wanted.missing():
        raise Refused(
            f"the record did not hold {', '.join(wanted.missing())}",
            url,
            "look at what was fetched, and give its files these names",
        )


def listed(url: str) -> list[Remote]:
    """The files of a record."""
    try:
        with opened(url) as answer:
            record = json.load(answer)
        return [_remote(file, url) for file in record["files"]]
    except DROPPED as error:
        remedy = "check the connection and try again, or give --url"
        raise TremorError(f"no answer ({error})", url, remedy) from error
    except (KeyError, TypeError, ValueError) as error:
        remedy = "give the record's address in Zenodo's API as --url"
        raise Refused("the answer is not a record of files", url, remedy) from error


def _remote(file: dict[str, Any], url: str) -> Remote:
    """One entry of a record's list."""
    kind, _, md5 = file["checksum"].partition(":")
    name = PurePosixPath(file["key"]).name
    if kind != "md5" or not name:
        raise ValueError(file["key"])
    return Remote(name, int(file["size"]), md5, file["links"]["self"])


def chosen(remotes: list[Remote], wanted: FileSet, url: str) -> list[Remote]:
    """The station's own files; else archives named after it; else any archives."""
    names = {path.name for path in wanted.files()}
    archives = [remote for remote in remotes if remote.name.endswith(ARCHIVES)]
    own = [remote for remote in remotes if remote.name in names]
    found = own or [a for a in archives if wanted.station in a.name] or archives
    if found:
        return found
    there = ", ".join(remote.name for remote in remotes) or "nothing"
    problem = f"no file of station {wanted.station}; there is {there}"
    raise Refused(problem, url, "give another --station, or another --url")


def opened(url: str, start: int = 0) -> http.client.HTTPResponse:
    """The answer to a request for everything from byte `start` on."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused("not an address of the web", url, "give one that begins with https://")
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)
    return answer


def download(remote: Remote, out: Path) -> Path:
    """A file, whose sum is right; one that is there already is only checked."""
    path, part = out / remote.name, out / f"{remote.name}.part"
    with told(part):
        out.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _check(path, remote, "move it away: it is not the published file")
        print(f"there already: {path}")
        return path
    with told(part):
        part.touch()
    with _progress() as progress:
        _complete(remote, part, progress, progress.add_task(remote.name, total=remote.size))
    try:
        _check(part, remote, "try again; what was fetched is removed")
    except Refused:
        part.unlink()
        raise
    part.replace(path)
    print(f"fetched: {path} ({remote.size / 1e6:.1f} MB)")
    return path


def _progress() -> Progress:
    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=Console(stderr=True))


def _complete(remote: Remote, part: Path, progress: Progress, task: TaskID) -> None:
    """Add to the part until it is whole; gives up after `TRIES` without a new byte."""
    failed = 0
    while (have := part.stat().st_size) < remote.size:
        try:
            _add(remote, part, have, progress, task)
            problem = "the connection was closed"
        except urllib.error.HTTPError as error:
            if error.code == 416:
                part.write_bytes(b"")
            elif error.code < 500 and error.code != 429:
                remedy = "check --url, or fetch the file with a browser"
                raise Refused(f"the server refuses it ({error})", remote.url, remedy) from error
            problem = str(error)
        except DROPPED as error:
            problem = str(error) or type(error).__name__
        failed = 0 if part.stat().st_size > have else failed + 1
        if failed == TRIES:
            remedy = "the same command goes on where this ended"
            raise TremorError(f"the download broke off ({problem})", remote.url, remedy)
        time.sleep(WAIT * failed)


def _add(remote: Remote, part: Path, have: int, progress: Progress, task: TaskID) -> None:
    """What one connection brings; a server that cannot go on begins anew."""
    with opened(remote.url, have) as answer:
        goes_on = answer.status == http.HTTPStatus.PARTIAL_CONTENT
        progress.update(task, completed=have if goes_on else 0)
        with told(part):
            file = part.open("ab" if goes_on else "wb")
        with file:
            for chunk in _chunks(answer, remote.size - (have if goes_on else 0)):
                with told(part):
                    file.write(chunk)
                progress.advance(task, len(chunk))


def _chunks(answer: http.client.HTTPResponse, most: int) -> Iterator[bytes]:
    """What comes, and no more than was announced."""
    while most > 0 and (chunk := answer.read1(min(CHUNK, most))):
        most -= len(chunk)
        yield chunk


def _check(path: Path, remote: Remote, remedy: str) -> None:
    """Refuse a file of another MD5 than was announced."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != remote.md5:
        raise Refused(f"its MD5 is {found}, not {remote.md5}", str(path), remedy)


def unpack(archive: Path, wanted: FileSet) -> None:
    """The wanted files, wherever they are in an archive, which stays."""
    targets = {path.name: path for path in wanted.files()}
    try:
        for name, content in _members(archive):
            target = targets.get(PurePosixPath(name).name)
            if target and not target.exists():
                with whole_file(target) as scratch, scratch.open("wb") as file:
                    shutil.copyfileobj(content, file, CHUNK)
                print(f"unpacked: {target}")
    except BROKEN as error:
        raise Refused(f"cannot unpack it ({error})", str(archive), "unpack it yourself") from error


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents of an archive's plain files."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as opened_zip:
            for info in opened_zip.infolist():
                with opened_zip.open(info) as content:
                    yield info.filename, content
        return
    with tarfile.open(archive) as opened_tar:
        for member in opened_tar:
            if member.isreg() and (packed := opened_tar.extractfile(member)):
                yield member.name, packed


if __name__ == "__main__":
    sys.exit(main())
