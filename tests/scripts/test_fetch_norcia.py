"""Fetching from a server of our own that drops connections, lies about sums, and packs archives."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from opened import load_script

from tremor.errors import STOPPED, Refused, TremorError

script = load_script("fetch_norcia")
NAMES = [
    f"NRCA_{kind}_{phase}.{ending}"
    for phase in ("pre", "visso", "post")
    for kind, ending in (("catalog", "hdf5"), ("attributes", "csv"))
]
BIG = bytes(range(256)) * 4000


@dataclass
class Site:
    """What a server holds and how it misbehaves; and the requests that it had."""

    files: dict[str, bytes] = field(default_factory=dict)
    wrong_sums: set[str] = field(default_factory=set)
    drop_after: int | None = None  # bytes of each answer
    answers: dict[str, int] = field(default_factory=dict)  # status to give instead, once
    ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""

    def record(self) -> bytes:
        """The list of files as Zenodo gives it."""
        return json.dumps({"files": [self._entry(*file) for file in self.files.items()]}).encode()

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        spoiled = b"x" if name in self.wrong_sums else b""
        md5 = hashlib.md5(content + spoiled).hexdigest()
        links = {"self": f"{self.address}/files/{name}"}
        return {"key": name, "size": len(content), "checksum": f"md5:{md5}", "links": links}


def handler(site: Site) -> type[BaseHTTPRequestHandler]:
    """A handler of requests to a site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            wanted = self.headers["Range"]
            site.asked.append((name, wanted))
            status = site.answers.pop(name, None)
            if status or (name != "record" and name not in site.files):
                return self.send_error(status or 404)
            content = site.record() if name == "record" else site.files[name]
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            start = start if site.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = None if name == "record" or not site.drop_after else start + site.drop_after
            self.wfile.write(content[start:end])
            if end and end < len(content):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
            return None

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    return Handler


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A running server with the files of one station."""
    monkeypatch.setattr(script, "WAIT", 0.0)
    made = Site(files={name: name.encode() * 50 for name in NAMES} | {"README.md": b"hello"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    made.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def run(site: Site, out: Path, *more: str) -> int:
    return int(script.main(["--out", str(out), "--url", f"{site.address}/record", *more]))


def test_the_files_of_the_station_arrive_whole(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my data"
    assert run(site, out) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        name: site.files[name] for name in NAMES
    }
    assert f"'dataset.data_dir={out}'" in capsys.readouterr().out
    before = len(site.asked)
    assert run(site, out) == 0
    assert len(site.asked) == before


def test_what_is_there_already_is_checked_not_fetched(site: Site, tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).write_bytes(site.files[NAMES[0]])
    assert run(site, tmp_path) == 0
    assert NAMES[0] not in [name for name, _ in site.asked]


def test_another_file_of_the_name_is_kept_and_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / NAMES[0]).write_bytes(b"mine")
    assert run(site, tmp_path) == 2
    assert "move it away" in capsys.readouterr().err
    assert (tmp_path / NAMES[0]).read_bytes() == b"mine"


def test_dropped_connections_go_on_where_they_ended(site: Site, tmp_path: Path) -> None:
    site.files[NAMES[0]], site.drop_after = BIG, 300_000
    assert run(site, tmp_path) == 0
    assert (tmp_path / NAMES[0]).read_bytes() == BIG
    starts = [wanted for name, wanted in site.asked if name == NAMES[0]]
    assert starts == [None, "bytes=300000-", "bytes=600000-", "bytes=900000-"]


def test_a_later_run_goes_on_with_the_part(site: Site, tmp_path: Path) -> None:
    site.files[NAMES[0]] = BIG
    (tmp_path / f"{NAMES[0]}.part").write_bytes(BIG[:1000])
    assert run(site, tmp_path) == 0
    assert (NAMES[0], "bytes=1000-") in site.asked
    assert (tmp_path / NAMES[0]).read_bytes() == BIG
    assert not list(tmp_path.glob("*.part"))


def test_a_server_without_ranges_begins_anew(site: Site, tmp_path: Path) -> None:
    site.files[NAMES[0]], site.ranges = BIG, False
    (tmp_path / f"{NAMES[0]}.part").write_bytes(b"other" * 100)
    assert run(site, tmp_path) == 0
    assert (tmp_path / NAMES[0]).read_bytes() == BIG


def test_it_gives_up_when_nothing_comes_and_keeps_the_part(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.files[NAMES[0]], site.drop_after, site.ranges = BIG, 1000, False
    assert run(site, tmp_path) == 1
    assert "broke off" in capsys.readouterr().err
    assert (tmp_path / f"{NAMES[0]}.part").read_bytes() == BIG[:1000]


@pytest.mark.parametrize("content", [b"", b"wrong", b"longer than it should be" * 1000])
def test_a_wrong_sum_is_refused_and_leaves_nothing(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    site.wrong_sums.add(NAMES[0])
    (tmp_path / f"{NAMES[0]}.part").write_bytes(content)
    assert run(site, tmp_path) == 2
    assert "MD5" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("status", [500, 503, 429, 416])
def test_passing_troubles_of_a_server_are_waited_for(
    site: Site, tmp_path: Path, status: int
) -> None:
    site.answers[NAMES[0]] = status
    assert run(site, tmp_path) == 0


def test_a_refusal_of_the_server_is_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.answers[NAMES[0]] = 403
    assert run(site, tmp_path) == 2
    assert "403" in capsys.readouterr().err


def zipped(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return memory.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("NRCA_link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return memory.getvalue()


@pytest.mark.parametrize(("name", "packed"), [("NRCA.zip", zipped), ("D-SET.tar.gz", tarred)])
def test_only_the_wanted_files_leave_an_archive(
    site: Site, tmp_path: Path, name: str, packed: object
) -> None:
    inside = {f"D-SET/NRCA/{file}": file.encode() for file in NAMES[1:]}
    inside |= {f"../../{NAMES[0]}": b"up", "../evil.txt": b"evil"}
    assert callable(packed)
    site.files = {name: packed(inside), "MC2.zip" if name == "NRCA.zip" else "a.txt": b"other"}
    out = tmp_path / "deep" / "out"
    assert run(site, out) == 0
    assert sorted(path.name for path in out.iterdir()) == sorted([*NAMES, name])
    assert (out / NAMES[0]).read_bytes() == b"up"
    assert not (tmp_path / "evil.txt").exists()
    assert not (tmp_path / "deep" / "evil.txt").exists()


def test_a_broken_archive_and_one_without_the_files_are_told(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.files = {"NRCA.zip": b"no archive"}
    assert run(site, tmp_path / "a") == 2
    assert "cannot unpack" in capsys.readouterr().err
    site.files = {"NRCA.zip": zipped({"other.txt": b"x"})}
    assert run(site, tmp_path / "b") == 2
    assert "did not hold NRCA_catalog_pre.hdf5" in capsys.readouterr().err


def test_an_unknown_station_is_told_what_there_is(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(site, tmp_path, "--station", "XYZ") == 2
    told = capsys.readouterr().err
    assert "no file of station XYZ" in told
    assert "README.md" in told


@pytest.mark.parametrize(
    "content", [b"<html>", b"[]", b"{}", b'{"files": [{"key": "a", "checksum": "sha1:0"}]}']
)
def test_answers_that_are_no_record_are_refused(
    site: Site, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(Site, "record", lambda self: content)
    with pytest.raises(Refused, match="not a record of files"):
        script.listed(f"{site.address}/record")


def test_no_server_and_no_web_address_are_told(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(TremorError, match="no answer"):
            script.listed(f"http://127.0.0.1:{port}/record")
    with pytest.raises(Refused, match="not an address of the web"):
        script.listed("file:///etc/passwd")


def test_an_interruption_keeps_the_part(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(path: Path, *rest: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "_check", stopped)
    assert run(site, tmp_path) == STOPPED
    assert "goes on where this ended" in capsys.readouterr().err
    assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
