"""Clips and voice notes against the files that strangers send. Samples are made in `recording_samples`."""

from __future__ import annotations

import mmap
import random
import time
from pathlib import Path

import pytest

from tests.unit import recording_samples as made
from tests.unit.recording_samples import PLANTED, SAMPLES
from webapp.core.sealing import CannotOpen, Seal, make_key_pair
from webapp.core.sealing_stream import CHUNK, close_stream, open_stream
from webapp.media.recordings import NotProven, RecordingError, RecordingInfo, strip, verify

LIMITS = {"max_clip": 60 << 20, "max_voice": 20 << 20}
ACCEPTED = [name for name, s in SAMPLES.items() if s.refused is None]
STRIPPED = [name for name in ACCEPTED if not SAMPLES[name].sealed]


def outcome(data: bytes) -> RecordingInfo | str:
    try:
        return verify(data, **LIMITS)
    except RecordingError as error:
        return error.code


@pytest.mark.parametrize("name", SAMPLES)
def test_each_file_gets_its_verdict(name: str) -> None:
    sample = SAMPLES[name]
    data = sample.make()
    started = time.process_time()
    found = outcome(data)
    assert time.process_time() - started < 0.5
    if sample.refused:
        assert found == sample.refused
    else:
        assert isinstance(found, RecordingInfo), found
        assert (found.kind, found.mime, found.strippable) == (sample.kind, sample.mime, not sample.sealed)


@pytest.mark.parametrize("name", [n for n in ACCEPTED if SAMPLES[n].sealed])
def test_what_cannot_be_proved_gets_no_copy(name: str) -> None:
    with pytest.raises(NotProven):
        strip(SAMPLES[name].make())


@pytest.mark.parametrize("name", STRIPPED)
def test_nothing_planted_survives_and_the_media_does(name: str) -> None:
    data = SAMPLES[name].make()
    copy = strip(data)
    for text in PLANTED:
        assert text not in copy, text
    assert strip(copy) == copy, "stripping a copy changes nothing"
    before, after = verify(data, **LIMITS), verify(copy, **LIMITS)
    assert (before.kind, before.mime) == (after.kind, after.mime)
    kept = [made.VIDEO, made.SOUND, made.media(200), made.media(300, 2), made.media(16000), made.media(31, 5)]
    kept += [made.media(500, 1), made.media(60), made.frame(3), made.media(99)]
    assert any(part in data for part in kept)
    assert all(part in copy for part in kept if part in data and part != made.media(500, 2))


def test_most_samples_carry_what_the_test_looks_for() -> None:
    carrying = [n for n in STRIPPED if any(text in SAMPLES[n].make() for text in PLANTED)]
    assert len(carrying) >= 20
    assert len(SAMPLES) >= 60


def test_offsets_stay_true_wherever_the_index_stands() -> None:
    """Nothing moves: the copy of an MP4 has the length of its original and the media at its place."""
    for name in ("mp4 index first", "mp4 index last", "mp4 64-bit offsets and sizes", "webm", "mp4 in fragments"):
        data = SAMPLES[name].make()
        copy = strip(data)
        assert len(copy) == len(data)
        part = made.VIDEO if made.VIDEO in data else made.media(200)
        assert copy.index(part[:90]) == data.index(part[:90])


def test_pages_of_ogg_keep_true_checksums() -> None:
    for name in ("ogg opus", "ogg opus with a cover", "ogg vorbis, headers on one page"):
        copy = strip(SAMPLES[name].make())
        at = 0
        while at < len(copy):
            table = copy[at + 27 : at + 27 + copy[at + 26]]
            end = at + 27 + len(table) + sum(table)
            page = copy[at : at + 22] + bytes(4) + copy[at + 26 : end]
            assert made.ogg_crc(page).to_bytes(4, "little") == copy[at + 22 : at + 26]
            at = end


@pytest.mark.parametrize("name", STRIPPED)
def test_cut_anywhere_it_never_crashes(name: str) -> None:
    """Whatever arrives: an error with a code, or a copy that carries nothing planted."""
    data = SAMPLES[name].make()
    generator = random.Random(name)
    for _ in range(25):
        spoiled = bytearray(data)
        if generator.random() < 0.5:
            del spoiled[generator.randrange(len(data)) :]
        for _ in range(generator.randrange(4)):
            if spoiled:
                spoiled[generator.randrange(len(spoiled))] = generator.randrange(256)
        try:
            copy = strip(bytes(spoiled))
        except (RecordingError, NotProven):
            continue
        assert made.OWNER not in copy
        assert made.GPS not in copy


def test_limits_go_by_what_it_is() -> None:
    clip, voice = SAMPLES["mp4 index first"].make(), SAMPLES["wav"].make()
    with pytest.raises(RecordingError, match="too_large"):
        verify(clip, max_clip=1000, max_voice=1 << 20)
    with pytest.raises(RecordingError, match="too_large"):
        verify(voice, max_clip=1 << 20, max_voice=1000)
    assert verify(voice, max_clip=1000, max_voice=1 << 20).kind == "voice"


def test_lengths_are_read() -> None:
    for name, seconds in {"mp4 index first": 2.5, "webm": 2.5, "ogg opus": 2.0, "wav": 1.0, "amr": 2.0}.items():
        assert verify(SAMPLES[name].make(), **LIMITS).duration_s == seconds


def test_a_mapped_file_reads_like_bytes(tmp_path: Path) -> None:
    path = tmp_path / "clip"
    for name in ("mp4 index last", "webm", "ogg opus", "mp3", "wav", "amr"):
        path.write_bytes(SAMPLES[name].make())
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            assert verify(view, **LIMITS) == verify(SAMPLES[name].make(), **LIMITS)


# Sealing in pieces ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_sealed_in_pieces_and_opened_again(size: int) -> None:
    public, private = make_key_pair()
    data = random.Random(size).randbytes(size)
    pieces = [data[at : at + CHUNK] for at in range(0, size, CHUNK)]
    sealed = b"".join(close_stream(Seal(public), pieces))
    assert size < 64 or data[:64] not in sealed
    assert open_stream(Seal(public, private), sealed) == data
    with pytest.raises(CannotOpen):
        open_stream(Seal(public), sealed)


def test_altered_cut_or_reordered_does_not_open() -> None:
    public, private = make_key_pair()
    data = random.Random(1).randbytes(2 * CHUNK + 5)
    sealed = b"".join(close_stream(Seal(public), [data[:CHUNK], data[CHUNK : 2 * CHUNK], data[2 * CHUNK :]]))
    head = len(sealed) - 2 * (CHUNK + 17) - 22
    swapped = (
        sealed[:head]
        + sealed[head + CHUNK + 17 : head + 2 * (CHUNK + 17)]
        + sealed[head : head + CHUNK + 17]
        + sealed[-22:]
    )
    for bad in (
        sealed[:-1],
        sealed[:-22],
        sealed[:head],
        b"",
        swapped,
        sealed[:200] + b"x" + sealed[201:],
        b"x" + sealed[1:],
    ):
        with pytest.raises(CannotOpen):
            open_stream(Seal(public, private), bad)
