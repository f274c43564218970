"""Settings of the server: each has a reason, contradictions are refused, a file is read strictly."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from bertolt.errors import BertoltError
from bertolt.serving.keys import read_keys
from bertolt.serving.served import open_folder, open_folders
from bertolt.serving.settings import ServeSettings, read_settings


def test_every_setting_says_why_its_default_is_what_it_is() -> None:
    for name, field in ServeSettings.model_fields.items():
        assert field.description, name
        assert len(field.description.split()) >= 5, name


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text('queue_rows = 500\ncors_origins = ["https://example.org"]\n', encoding="utf-8")
    settings = read_settings(file)
    assert settings == ServeSettings(queue_rows=500, cors_origins=("https://example.org",))
    assert read_settings(None) == ServeSettings()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("queue_rows = 100", "request_rows is above queue_rows: a whole request could never be accepted"),
        ("input_characters = 3_000_000", "input_characters is above body_bytes"),
        ("queue_characters = 50_000", "input_characters is above queue_characters"),
        ("buffer_bytes = 1_000_000", "body_bytes is above buffer_bytes"),
        ("input_tokens = 1_000", "batch_tokens is above input_tokens"),
        ("wait_seconds = 26", "wait_seconds is above shutdown_seconds"),
        ("wedge_seconds = 3", "ready_seconds is above wedge_seconds"),
        ('cors_origins = ["*", "https://a.org"]', "'*' beside others"),
        ('cors_origins = ["a.org"]', "an origin is such as https://example.org"),
        ("rows = 3", "'rows'"),
        ('cors_origins = ["https://a.org/page"]', "an origin is such as https://example.org"),
        ("queue_rows = 0", "0"),
        ("send_seconds = inf", "inf"),
        ("table_seconds = nan", "nan"),
        ("queue_rows = 'many'", "'many'"),
        ("queue_rows", "Expected"),
    ],
)
def test_what_cannot_be_is_refused(text: str, found: str, tmp_path: Path) -> None:
    file = tmp_path / "limits.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BertoltError) as caught:
        read_settings(file)
    assert found in caught.value.found


def test_a_missing_file_of_settings_is_named(tmp_path: Path) -> None:
    with pytest.raises(BertoltError, match=r"no\.toml"):
        read_settings(tmp_path / "no.toml")


def test_a_model_whose_rows_fit_into_no_batch_is_refused(sentiment: Path) -> None:
    with pytest.raises(BertoltError, match="batch_tokens of at least 512"):
        open_folder(sentiment, ServeSettings(batch_tokens=256))


def test_two_models_of_one_name_are_refused(sentiment: Path) -> None:
    with pytest.raises(BertoltError, match="'text-classification' twice"):
        open_folders([sentiment, sentiment], partial(open_folder, settings=ServeSettings()))


def test_keys_are_the_lines_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# of the team\n0123456789abcdef\n\n  fedcba9876543210  \n", encoding="utf-8")
    assert read_keys(file) == ("0123456789abcdef", "fedcba9876543210")


@pytest.mark.parametrize("text", ["", "# none\n", "short\n", "with a blank between\n", "0123456789abcdeé\n"])
def test_keys_that_protect_nothing_are_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BertoltError, match="keys"):
        read_keys(file)
