"""The methods of learning from few labels, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bertolt.errors import SettingError, UnknownNameError
from bertolt.training.method import SUPERVISED, Method
from bertolt.training.settings import TrainSettings

#: What ``--unlabelled`` alone means; fixed by a study on draws that are not reported.
DEFAULT_METHOD = "self-training"

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (SUPERVISED,)
}  # fmt: skip


def find_method(settings: TrainSettings) -> Method:
    """The method that the settings name: without any, plain supervised learning, or the default for a pool.

    Raises:
        UnknownNameError: there is none of that name.
        SettingError: it needs unlabelled texts, or reads none, and they are missing or given.
    """
    name = settings.method or (DEFAULT_METHOD if settings.unlabelled else SUPERVISED.name)
    if name not in METHODS:
        raise UnknownNameError("method", name, METHODS)
    method = METHODS[name]
    if method.needs_pool and not settings.unlabelled:
        raise SettingError(
            f"--unlabelled FILE, texts without labels, for --method {name}", "none", "give such a file"
        )
    return method
