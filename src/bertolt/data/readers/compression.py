"""The bytes of a data file: compression is known by the first bytes, and has bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol, cast

from bertolt.data.readers.options import ReadSettings
from bertolt.errors import DataError

_MARKS = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
#: Endings that say nothing of what the compressed file holds.
ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
#: A compressed file may grow to this many bytes, however small it is.
ALWAYS_ALLOWED = 100_000_000
_BLOCK = 1 << 16


def _damages() -> tuple[type[Exception], ...]:
    """What the libraries raise for damaged data."""
    import pyarrow as pa  # takes a third of a second to load, and most files need it only here

    return EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException


_OPENS: dict[str, Callable[[Path], object]] = {
    "gzip": gzip.GzipFile,
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more bytes than it may."""

    def __init__(self, stream: _Readable, most: int, refusal: Callable[[], DataError]) -> None:
        self._stream, self._left, self._refusal = stream, most, refusal

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        data = self._stream.read(min(len(buffer), _BLOCK))
        self._left -= len(data)
        if self._left < 0:
            raise self._refusal()
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, or a member of a zip archive.

    Args:
        path: the file.
        name: how messages call it.
        compression: ``gzip``, ``bzip2``, ``xz``, ``zstd``, ``zip``, or empty.
        member: the member of the archive; empty outside archives.
        content: the bytes of a file that is in memory only.
    """

    path: Path
    name: str
    compression: str = ""
    member: str = ""
    content: bytes | None = None

    @property
    def inner_name(self) -> str:
        """The name of what is in it, in small letters and without endings of compression."""
        name = (PurePosixPath(self.member).name if self.member else self.path.name).lower()
        ending = PurePosixPath(name).suffix
        return name.removesuffix(ending) if ending in ENDINGS and not self.member else name

    @contextmanager
    def open(self, options: ReadSettings) -> Iterator[BinaryIO]:
        """The bytes, decompressed.

        Raises:
            DataError: the file cannot be read, is damaged, or grows beyond its bound; also while the
                stream is read inside the ``with``.
        """
        try:
            with self._stream(options) as stream:
                yield stream
        except _damages() as error:
            raise self._damaged(error) from error
        except OSError as error:
            if self.compression and error.errno is None:  # gzip, bz2 and pyarrow say so of damaged data
                raise self._damaged(error) from error
            raise DataError(
                f"a file that can be read at {self.name}",
                f"{error.strerror or error}",
                "check its permissions and its disk",
            ) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"a whole {self.compression or 'data'} file in {self.name}",
            f"damaged data ({error})",
            "download or compress it again",
        )

    def _stream(self, options: ReadSettings) -> BinaryIO:
        if self.content is not None:
            return io.BytesIO(self.content)
        if not self.compression:
            return self.path.open("rb")
        packed = self.path.stat().st_size
        inner: _Readable
        if self.compression == "zip":
            archive = zipfile.ZipFile(self.path)
            found = archive.getinfo(self.member)
            if found.flag_bits & 1:
                raise DataError(
                    f"an archive without a password in {self.name}", "an encrypted member", "unpack it first"
                )
            packed = found.compress_size
            try:
                inner = cast(_Readable, archive.open(found))
            except NotImplementedError as error:
                raise DataError(
                    f"a usual way of compression in {self.name}", str(error), "unpack it first"
                ) from error
        elif self.compression == "zstd":
            import pyarrow as pa

            inner = pa.CompressedInputStream(pa.OSFile(str(self.path)), "zstd")
        else:
            inner = cast(_Readable, _OPENS[self.compression](self.path))
        most = max(ALWAYS_ALLOWED, packed * options.max_expansion)
        return io.BufferedReader(
            _Bounded(inner, most, lambda: too_much(self.name, most, packed)), buffer_size=_BLOCK
        )


def too_much(name: str, most: int, packed: int) -> DataError:
    """The error for a compressed file that grows beyond its bound."""
    return DataError(
        f"at most {most / 1e6:,.0f} MB in {name}, which has {max(packed, 10_000) / 1e6:,.2f} MB compressed",
        "more",
        "if you trust the file, unpack it first, or raise --max-expansion",
    )


def data_file(path: Path, name: str, member: str = "") -> DataFile:
    """Looks at the first bytes of a file.

    Args:
        path: the file.
        name: how messages call it.
        member: of a zip archive, which one is read; empty: the only data file in it.

    Raises:
        DataError: the file cannot be read, or it is an archive and the member cannot be told.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise DataError(
            f"a file that can be read at {name}",
            f"{error.strerror or error}",
            "check its permissions and its disk",
        ) from error
    found = next((kind for mark, kind in _MARKS.items() if head.startswith(mark)), "")
    if found == "zip":
        return _zip_file(path, name, member)
    return DataFile(path, name, found)


def text_name(path: Path) -> str:
    """The name of what a file holds, see ``DataFile.inner_name``; its own where that cannot be told."""
    try:
        return data_file(path, str(path)).inner_name
    except DataError:
        return path.name.lower()


def _zip_file(path: Path, name: str, member: str) -> DataFile:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [each.filename for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"a whole zip file in {name}", f"damaged data ({error})", "download or compress it again"
        ) from error
    if "[Content_Types].xml" in members or {"mimetype", "content.xml"} <= set(members):
        return DataFile(path, name)  # a workbook is a file of its own kind
    data = [each for each in members if not _is_beside(each)]
    if member and member in members:
        return DataFile(path, f"{name}:{member}", "zip", member)
    if len(data) == 1 and not member:
        return DataFile(path, name, "zip", data[0])
    listed = ", ".join(data[:10]) + (", …" if len(data) > 10 else "")
    raise DataError(
        f"the member {member!r} in {name}" if member else f"one data file in {name}",
        f"{len(data)} files: {listed}" if data else "no file",
        f"name one, such as {name}:{data[0]}, or unpack the archive" if data else "check the archive",
    )


def _is_beside(member: str) -> bool:
    """Whether a member of an archive is no data: what the Mac adds, and files that explain."""
    place = PurePosixPath(member)
    hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    return hidden or place.stem.lower() in {"readme", "license", "licence", "metadata", "changelog"}
