"""Clips, voice notes and what pretends to be one, made in code: no binary files in the repository.

Each sample says what is expected: `refused` an error code, else `sealed` (True: kept, but no copy is made), `kind`,
`mime`. The media in them is random bytes: nothing here decodes. What is PLANTED may not be in any copy.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.unit import photo_samples
from webapp.media.recordings.sound import ogg_crc

PLANTED = (
    b"+09.5850+106.5250/", b"CHU-MAY-7731", b"SN-90218834-X", "Nguyễn".encode(),
    b"com.apple.quicktime.location.ISO6709",
    b"PLANTED-TRACK-GPS", b"PLANTED-HANDLER", b"PLANTED-ENCODER", b"PLANTED-TAIL", b"PLANTED-GAP", b"\xd9\x11\x22\x33",
)  # fmt: skip
GPS, OWNER, SERIAL, NAME, KEY, TRACK, HANDLER, ENCODER, TAIL, GAP, WHEN = PLANTED


@dataclass(frozen=True)
class Sample:
    make: Callable[[], bytes]
    refused: str | None
    kind: str
    mime: str
    sealed: bool


SAMPLES: dict[str, Sample] = {}


def sample(name: str, mime: str = "", *, refused: str | None = None, sealed: bool = False):
    def add(make: Callable[[], bytes]) -> Callable[[], bytes]:
        assert name not in SAMPLES
        kind = "clip" if mime.startswith("video") else "voice"
        SAMPLES[name] = Sample(cache(make), refused, kind, mime, sealed)
        return SAMPLES[name].make

    return add


def media(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


# MP4 --------------------------------------------------------------------------------------------------------


def box(kind: bytes, *bodies: bytes, large: bool = False) -> bytes:
    body = b"".join(bodies)
    if large:
        return struct.pack(">L4sQ", 1, kind, len(body) + 16) + body
    return struct.pack(">L4s", len(body) + 8, kind) + body


def u32(*values: int) -> bytes:
    return struct.pack(f">{len(values)}L", *values)


def track(
    number: int, handler: bytes, codec: bytes, offsets: list[int], sizes: list[int], *, big=False, dref=1, extra=b""
) -> bytes:
    """A track with one sample a chunk."""
    if handler == b"vide":
        entry = bytes(6) + b"\0\1" + bytes(4) + ENCODER[:4] + bytes(8) + struct.pack(">HH", 320, 240) + bytes(12)
        entry += b"\0\1" + bytes([15]) + ENCODER + bytes(16) + b"\0\x18\xff\xff"
        entry = box(codec, entry, box(b"avcC", b"\1\x42\0\x1e\xff\xe1\0\0\0"), box(b"uuid", OWNER))
        head = box(b"vmhd", bytes(12))
    elif handler == b"soun":
        entry = bytes(6) + b"\0\1" + bytes(8) + struct.pack(">HHHHL", 1, 16, 0, 0, 16000 << 16)
        entry = box(codec, entry, box(b"esds", bytes(20)))
        head = box(b"smhd", bytes(8))
    else:
        entry = box(b"mebx", bytes(6) + b"\0\1", box(b"keys", KEY))
        head = box(b"nmhd", bytes(4))
    tables = box(
        b"stbl",
        box(b"stsd", u32(0, 1), entry),
        box(b"stts", u32(0, 1, len(sizes), 100)),
        box(b"stsc", u32(0, 1, 1, 1, 1) if offsets else u32(0, 0)),
        box(b"stsz", u32(0, 0, len(sizes), *sizes)),
        box(b"co64", u32(0, len(offsets)), struct.pack(f">{len(offsets)}Q", *offsets))
        if big
        else box(b"stco", u32(0, len(offsets), *offsets)),
    )
    info = box(b"minf", head, box(b"dinf", box(b"dref", u32(0, 1), box(b"url ", u32(dref), GPS[:4]))), tables)
    handling = box(b"hdlr", u32(0, 0), handler, b"appl", bytes(8), HANDLER + b"\0")
    mdia = box(b"mdia", box(b"mdhd", u32(0), WHEN, WHEN, u32(1000, 500), b"\x15\xc7\0\0"), handling, info)
    tkhd = box(b"tkhd", u32(7), WHEN, WHEN, u32(number, 0, 500), bytes(60))
    return box(b"trak", tkhd, mdia, box(b"udta", box(b"name", OWNER)), extra)


def mvhd(version: int = 0) -> bytes:
    if version:
        when = bytes(4) + WHEN
        return box(b"mvhd", b"\1\0\0\0", when, when, u32(1000), struct.pack(">Q", 2500), bytes(80))
    return box(
        b"mvhd",
        u32(0),
        WHEN,
        WHEN,
        u32(1000, 2500),
        u32(0x10000),
        b"\1\0",
        SERIAL[:10],
        bytes(36),
        TRACK + bytes(7),
        u32(3),
    )


def metadata() -> bytes:
    return (
        box(
            b"udta",
            box(b"\xa9xyz", struct.pack(">HH", len(GPS), 0x15C7) + GPS),
            box(b"loci", bytes(6) + NAME),
            box(b"smta", SERIAL),
        )
        + box(b"meta", u32(0), box(b"keys", u32(0, 1), box(b"mdta", KEY)), box(b"ilst", box(b"data", GPS)))
        + box(b"uuid", bytes(range(16)), b"<x:xmpmeta>" + OWNER)
    )


VIDEO, SOUND, LOCATIONS = media(3000), media(800, 2), TRACK * 9


def mp4(
    brand: bytes = b"isom", *, front: bool = True, video: bool = True, sound: bytes = b"mp4a",
    video_codec: bytes = b"avc1",
    gps_track: bool = False, gap: bytes = b"", dirty: bool = True, large: bool = False, **options,
) -> bytes:  # fmt: skip
    """A movie whose index stands before (`front`) or after the media."""
    ftyp = box(b"ftyp", brand, u32(512), brand, b"mp42")
    parts = [VIDEO if video else b"", gap, SOUND if sound else b"", LOCATIONS if gps_track else b""]
    head = 16 if large else 8

    def movie(start: int) -> bytes:
        at = [start + head + sum(map(len, parts[:i])) for i in range(4)]
        tracks = []
        if video:
            tracks.append(track(1, b"vide", video_codec, [at[0], at[0] + 1000], [1000, 2000], **options))
        if sound:
            tracks.append(track(2, b"soun", sound, [at[2]], [800], **options))
        if gps_track:
            tracks.append(track(3, b"meta", b"mebx", [at[3]], [len(LOCATIONS)]))
        return box(b"moov", mvhd(), *tracks, metadata() if dirty else b"")

    mdat = box(b"mdat", *parts, large=large)
    if front:
        return ftyp + movie(len(ftyp) + len(movie(0))) + mdat
    return ftyp + mdat + movie(len(ftyp))


def fragmented(*, foreign: bool = False) -> bytes:
    """What a browser records: an empty index, then pieces of movie each with its own."""
    ftyp = box(b"ftyp", b"iso5", u32(512), b"iso5mp41")
    moov = box(
        b"moov",
        mvhd(),
        track(1, b"vide", b"avc1", [], []),
        box(b"mvex", box(b"trex", u32(0, 1, 1, 0, 0, 0))),
        metadata(),
    )
    out = ftyp + moov
    for seed in (1, 2):
        data = media(500, seed)
        number = 9 if foreign and seed == 2 else 1

        def moof(offset: int, number: int = number) -> bytes:
            return box(
                b"moof",
                box(b"mfhd", u32(0, 1)),
                box(
                    b"traf",
                    box(b"tfhd", u32(0x20000, number)),
                    box(b"tfdt", u32(0, 0)),
                    box(b"trun", u32(0x201, 2), u32(offset), u32(200, 300)),
                    box(b"uuid", OWNER),
                ),
            )

        payload = LOCATIONS if number == 9 else data
        out += moof(len(moof(0)) + 8) + box(b"mdat", payload, GAP)
    return out


def repoint(data: bytes, to: int) -> bytes:
    """The last table of chunks says `to` for its first chunk."""
    at = data.rfind(b"stco") + 12
    return data[:at] + u32(to) + data[at + 4 :]


sample("mp4 index first", "video/mp4")(mp4)
sample("mp4 index last", "video/mp4")(lambda: mp4(front=False))
sample("mp4 64-bit offsets and sizes", "video/mp4")(lambda: mp4(front=False, large=True, big=True))
sample("mp4 without metadata", "video/mp4")(lambda: mp4(dirty=False))
sample("mov with a track of positions", "video/quicktime")(lambda: mp4(b"qt  ", front=False, gps_track=True))
sample("mp4 bytes that belong to no track", "video/mp4")(lambda: mp4(gap=GAP))
sample("mp4 boxes after the end", "video/mp4")(lambda: mp4() + box(b"free", TAIL) + box(b"Xtra", TAIL))
sample("mp4 picture only", "video/mp4")(lambda: mp4(sound=b""))
sample("3gp", "video/3gpp")(lambda: mp4(b"3gp4", sound=b"samr", video_codec=b"s263"))
sample("3gp voice", "audio/3gpp")(lambda: mp4(b"3gp4", video=False, sound=b"samr"))
sample("m4a", "audio/mp4")(lambda: mp4(b"M4A ", video=False))
sample("mp4 in fragments", "video/mp4")(fragmented)
sample("mp4 fragment of a hidden track", "video/mp4")(lambda: fragmented(foreign=True))
sample("mp4 unknown codec", "video/mp4", sealed=True)(lambda: mp4(video_codec=b"zzzz"))
sample("mp4 cut off", refused="broken")(lambda: mp4(front=False)[:-40])
sample("mp4 cut off in the media", refused="broken")(lambda: mp4()[:-400])
sample("mp4 without index", refused="broken")(lambda: box(b"ftyp", b"isom", bytes(8)) + box(b"mdat", VIDEO))
sample("mp4 two indexes", refused="broken")(lambda: mp4() + box(b"moov", mvhd()))
sample("mp4 only positions", refused="broken")(lambda: mp4(video=False, sound=b"", gps_track=True))
sample("mp4 media in another file", refused="broken")(lambda: mp4(dref=0))
sample("mp4 sizes without end", refused="broken")(
    lambda: mp4().replace(u32(0, 0, 2, 1000, 2000), u32(0, 0, 0xFFFFFFFF, 1000, 2000))
)
sample("mp4 points at its own index", refused="broken")(lambda: repoint(mp4(), 8))
sample("mp4 thousands of boxes", refused="broken")(lambda: box(b"ftyp", b"isom", bytes(8)) + box(b"free") * 100_000)
sample("mp4 box longer than the file", refused="broken")(lambda: mp4() + u32(4000) + b"free")
sample("mp4 bytes after the end", refused="broken")(lambda: mp4() + b"PLA")


# WebM -------------------------------------------------------------------------------------------------------


def element(kind: int, *bodies: bytes, unknown: bool = False) -> bytes:
    name = kind.to_bytes((kind.bit_length() + 7) // 8, "big")
    body = b"".join(bodies)
    if unknown:
        return name + b"\x01\xff\xff\xff\xff\xff\xff\xff" + body
    return name + (0x10000000 | len(body)).to_bytes(4, "big") + body


def webm(
    *, video: bool = True, live: bool = False, codec: bytes = b"V_VP8", track_type: int = 1, tail: bytes = b""
) -> bytes:
    head = element(0x1A45DFA3, element(0x4282, b"webm"), element(0xEC, OWNER))
    info = element(
        0x1549A966,
        element(0xBF, bytes(4)),
        element(0x2AD7B1, (1_000_000).to_bytes(3, "big")),
        element(0x4D80, ENCODER),
        element(0x5741, ENCODER + OWNER),
        element(0x7BA9, NAME),
        element(0x4461, WHEN * 2),
        element(0x4489, struct.pack(">d", 2500.0)),
    )
    tracks = [
        element(0xAE, element(0xD7, b"\2"), element(0x83, b"\2"), element(0x86, b"A_OPUS"),
                element(0x63A2, b"OpusHead" + bytes(11)),
                element(0x536E, OWNER), element(0x22B59C, b"vie"),
                element(0xE1, element(0xB5, struct.pack(">f", 48000))))
    ]  # fmt: skip
    if video:
        picture = element(0xE0, element(0xB0, b"\1\x40"), element(0xBA, b"\0\xf0"), element(0x7670, GPS))
        tracks.append(
            element(0xAE, element(0xD7, b"\1"), element(0x83, bytes([track_type])), element(0x86, codec), picture)
        )
    blocks = [
        element(0xA3, b"\x82\0\x10\x80", media(200)),
        element(0xA0, element(0xA1, b"\x82\0\x20\0", media(90)), element(0x75A1, OWNER * 20)),
    ]
    if video:
        blocks.append(element(0xA3, b"\x81\0\x30\x80", media(900)))
    blocks.append(element(0xA3, b"\x89\0\x40\x80", TRACK * 9))  # of no track
    cluster = element(0x1F43B675, element(0xE7, b"\0"), *blocks, unknown=live)
    second = element(0x1F43B675, element(0xE7, b"\7\xd0"), *blocks[:1], unknown=live)
    tags = element(0x1254C367, element(0x7373, element(0x67C8, element(0x45A3, b"LOCATION"), element(0x4487, GPS))))
    attached = element(0x1941A469, element(0x61A7, element(0x466E, OWNER)))
    parts = [info, element(0x1654AE6B, *tracks), cluster, second]
    parts = [*parts, tags] if live else [tags, attached, *parts, tags]
    return head + element(0x18538067, *parts, unknown=live) + tail


sample("webm", "video/webm")(webm)
sample("webm as a browser records it", "video/webm")(lambda: webm(live=True))
sample("webm voice", "audio/webm")(lambda: webm(video=False, live=True))
sample("webm element after the end", "video/webm")(lambda: webm(tail=element(0xEC, TAIL * 20)))
sample("webm subtitles", "audio/webm", sealed=True)(lambda: webm(track_type=17))
sample("webm unknown codec", "video/webm", sealed=True)(lambda: webm(codec=b"V_UNCOMPRESSED"))
sample("webm cut off", refused="broken")(lambda: webm()[:-30])
sample("webm without media", refused="broken")(
    lambda: element(0x1A45DFA3, element(0x4282, b"webm")) + element(0x18538067)
)
sample("webm another document", refused="broken")(lambda: webm().replace(b"webm", b"evil", 1))


# Ogg, WAV, AMR, MP3 -----------------------------------------------------------------------------------------


def page(packets: list[bytes], number: int, *, flags: int = 0, granule: int = 0, serial: int = 7) -> bytes:
    lacing = b"".join(b"\xff" * (len(p) // 255) + bytes([len(p) % 255]) for p in packets)
    head = b"OggS\0" + bytes([flags]) + struct.pack("<qLLLB", granule, serial, number, 0, len(lacing))
    whole = bytearray(head + lacing + b"".join(packets))
    whole[22:26] = ogg_crc(bytes(whole)).to_bytes(4, "little")
    return bytes(whole)


def comments(magic: bytes, tail: bytes = b"", more: bytes = b"") -> bytes:
    texts = [b"ARTIST=" + OWNER, b"LOCATION=" + GPS, b"TITLE=" + NAME, b"PICTURE=" + more]
    listed = b"".join(len(t).to_bytes(4, "little") + t for t in texts)
    return magic + len(ENCODER).to_bytes(4, "little") + ENCODER + len(texts).to_bytes(4, "little") + listed + tail


def opus(more: bytes = b"", tail: bytes = b"") -> bytes:
    head = page([b"OpusHead\1\1\0\0" + struct.pack("<L", 48000) + bytes(3)], 0, flags=2)
    sound = page([media(100), media(300, 2)], 2, granule=96_000, flags=4)
    return head + page([comments(b"OpusTags", more=more)], 1) + sound + tail


def vorbis() -> bytes:
    head = page([b"\1vorbis\0\0\0\0\1" + struct.pack("<L", 44100) + bytes(14)], 0, flags=2)
    return (
        head + page([comments(b"\3vorbis", b"\1"), b"\5vorbis" + media(300)], 1) + page([media(99)], 2, granule=44_100)
    )


def wav(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    parts = [(b"fmt ", struct.pack("<HHLLHH", 1, 1, 8000, 16000, 2, 16)), *chunks, (b"data", media(16000))]
    body = b"WAVE" + b"".join(n + struct.pack("<L", len(b)) + b + b"\0" * (len(b) & 1) for n, b in parts)
    return b"RIFF" + struct.pack("<L", len(body) if size is None else size) + body


def amr(frames: int = 100) -> bytes:
    return b"#!AMR\n" + b"".join(b"\x3c" + media(31, i) for i in range(frames))


def frame(seed: int, body: bytes = b"") -> bytes:
    size = 144 * 64_000 // 44_100
    return (
        b"\xff\xfb\x50\xc0" + (body + bytes(size))[: size - 4] if body else b"\xff\xfb\x50\xc0" + media(size - 4, seed)
    )


def id3() -> bytes:
    body = b"TPE1" + u32(len(OWNER) + 1) + b"\0\0\0" + OWNER + b"GEOB" + u32(len(GPS) + 1) + b"\0\0\0" + GPS
    return b"ID3\4\0\0" + bytes([0, 0, len(body) >> 7, len(body) & 127]) + body


def mp3(head: bytes = b"", tail: bytes = b"", count: int = 40) -> bytes:
    return head + b"".join(frame(i) for i in range(count)) + tail


sample("ogg opus", "audio/ogg")(opus)
sample("ogg opus with a cover", "audio/ogg")(lambda: opus(more=OWNER * 500))
sample("ogg vorbis, headers on one page", "audio/ogg")(vorbis)
sample("ogg two streams", "audio/ogg", sealed=True)(lambda: opus() + opus())
sample("ogg theora", refused="unsupported_format")(
    lambda: page([b"\x80theora" + bytes(30)], 0, flags=2) + page([b"x"], 1)
)
sample("ogg cut off", refused="broken")(lambda: opus()[:-9])
sample("ogg with a tail", refused="broken")(lambda: opus(tail=TAIL))
sample("wav", "audio/wav")(wav)
sample("wav with notes", "audio/wav")(
    lambda: wav(
        (b"LIST", b"INFOIART" + struct.pack("<L", len(OWNER)) + OWNER),
        (b"id3 ", id3()),
        (b"bext", GPS + NAME),
        (b"iXML", SERIAL),
    )
)
sample("wav with a tail", "audio/wav")(lambda: wav() + TAIL)
sample("wav cut off", refused="broken")(lambda: wav()[:-100])
sample("wav that claims four gigabytes", refused="broken")(lambda: wav(size=0xFFFFFFFF))
sample("amr", "audio/amr")(amr)
sample("amr wide band", "audio/amr-wb")(lambda: b"#!AMR-WB\n" + (b"\x44" + media(60)) * 50)
sample("amr with a tail", refused="broken")(lambda: amr() + TAIL)
sample("amr cut off", refused="broken")(lambda: amr()[:-3])
sample("mp3", "audio/mpeg")(mp3)
sample("mp3 with tags on both ends", "audio/mpeg")(
    lambda: mp3(id3() + frame(0, b"\0" * 32 + b"Info" + ENCODER), b"APETAGEX" + GPS + b"TAG" + OWNER.ljust(125, b"\0"))
)
sample("mp3 cut off in the last frame", "audio/mpeg")(lambda: mp3()[:-50])
sample("mp3 with something in the middle", refused="broken")(lambda: mp3(tail=OWNER * 30) + mp3())
sample("id3 and nothing", refused="broken")(id3)

# Not recordings ---------------------------------------------------------------------------------------------

sample("nothing", refused="empty")(lambda: b"")
sample("one byte", refused="not_a_recording")(lambda: b"\0")
sample("html named .mp4", refused="not_a_recording")(lambda: b"<!doctype html><script>alert(1)</script>")
sample("zip", refused="not_a_recording")(photo_samples.archive)
sample("zeroes", refused="not_a_recording")(lambda: bytes(5000))
sample("program", refused="not_a_recording")(lambda: b"\x7fELF" + bytes(500))
sample("photo", refused="picture")(photo_samples.SAMPLES["jpeg"].make)
sample("heic photo", refused="picture")(photo_samples.SAMPLES["heic"].make)
sample("webp photo", refused="picture")(photo_samples.SAMPLES["webp"].make)
sample("avi", refused="unsupported_format")(lambda: b"RIFF\0\1\0\0AVI LIST" + bytes(300))
sample("flac", refused="unsupported_format")(lambda: b"fLaC" + bytes(300))
