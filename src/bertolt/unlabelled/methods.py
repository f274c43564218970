"""The methods of learning from few labels, by name."""

from __future__ import annotations

from collections.abc import Mapping

from bertolt.errors import SettingError, UnknownNameError
from bertolt.tasks.registry import get_task
from bertolt.training.method import SUPERVISED, Method
from bertolt.training.pool import check_task
from bertolt.training.settings import TrainSettings
from bertolt.unlabelled.few_shot import FewShot
from bertolt.unlabelled.method_adapt import Adapt
from bertolt.unlabelled.method_consistency import ConsistencyTraining
from bertolt.unlabelled.self_training import SelfTraining

#: What ``--unlabelled`` alone means; fixed by a study on draws that are not reported.
DEFAULT_METHOD = "self-training"

#: Those that read no text without a label.
_READ_NO_POOL = (SUPERVISED.name, "few-shot")

_ALL: tuple[Method, ...] = (SelfTraining(), ConsistencyTraining(), Adapt(), FewShot(), SUPERVISED)
METHODS: Mapping[str, Method] = {method.name: method for method in _ALL}


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
    if settings.unlabelled and name in _READ_NO_POOL:
        raise SettingError(
            f"no --unlabelled for --method {name}, which reads labelled texts only",
            ", ".join(settings.unlabelled),
            "leave one of the two out",
        )
    if method is not SUPERVISED:
        check_task(get_task(settings.task))
    return method
