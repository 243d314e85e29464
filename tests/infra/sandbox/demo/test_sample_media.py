"""The sample stories."""

from pathlib import Path

from PIL import Image

from infra.sandbox.demo.sample_media import draw_pictures


def test_pictures_are_upright_jpegs_that_telegram_takes(tmp_path: Path) -> None:
    first, second = draw_pictures(tmp_path / "new", count=2)

    with Image.open(first.path) as picture:
        assert (picture.size, picture.format) == ((1080, 1920), "JPEG")
    assert first.path.stat().st_size < 500_000
    assert first.title != second.title


def test_the_same_seed_draws_the_same_picture(tmp_path: Path) -> None:
    (one,) = draw_pictures(tmp_path / "one", count=1)
    (other,) = draw_pictures(tmp_path / "other", count=1)

    assert one.path.read_bytes() == other.path.read_bytes()
