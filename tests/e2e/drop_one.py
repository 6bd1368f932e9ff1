"""For the build that loses one frame on purpose (-Ddrop_one=true): conservation must notice, and say exactly one."""

from captures import files, frames


def test_one_lost_frame_is_one_unexplained(replay, tmp_path):
    path = tmp_path / "three.pcap"
    frame = frames.eth(frames.ip4(frames.tcp()))
    path.write_bytes(files.pcap([files.Record(frame, at_ns=second * files.NS) for second in (0, 1, 61)]))
    result = replay([path])
    assert result.status == 1
    assert [line["loss"]["unexplained"] for line in result.lines] == [1, 0]
    assert "1 unexplained" in result.errors
