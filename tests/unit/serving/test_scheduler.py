"""Who is computed next: admission, fairness, batches, deadlines, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bertolt.serving.refusals import OverloadedError
from bertolt.serving.rows import Batch, Job, NewRow
from bertolt.serving.scheduler import PADDING, Scheduler
from bertolt.serving.settings import ServeSettings


def new(characters: int = 10, model: str = "a", verb: str = "predict") -> NewRow:
    return NewRow(model, verb, {}, characters)


def accept(scheduler: Scheduler, *lengths: int | Sequence[int], model: str = "a") -> Job:
    """A request whose rows have these lengths, tokenised."""
    job = scheduler.accept([new(model=model) for _ in lengths], deadline=100.0)
    rows = scheduler.take_unread()
    for row, length in zip(rows, lengths, strict=True):
        scheduler.add_read(row, (length,) if isinstance(length, int) else length)
    return job


def compute(scheduler: Scheduler) -> Batch | None:
    """Computes one batch: a row is answered with its last piece."""
    batch = scheduler.next_batch()
    for row, _, end in batch.parts if batch else ():
        if end == len(row.lengths):
            scheduler.answer(row, "result")
    return batch


@pytest.fixture
def scheduler() -> Scheduler:
    return Scheduler(ServeSettings(batch_tokens=512, queue_rows=300, queue_characters=100_000))


def test_a_lone_row_is_computed_at_once(scheduler: Scheduler) -> None:
    job = accept(scheduler, 7)
    batch = compute(scheduler)
    assert batch is not None
    assert batch.tokens == 7
    assert job.over
    assert job.results == ["result"]
    assert scheduler.idle
    assert (scheduler.rows, scheduler.characters) == (0, 0)
    assert compute(scheduler) is None


def test_rows_of_similar_length_share_a_batch(scheduler: Scheduler) -> None:
    jobs = [accept(scheduler, length) for length in (20, 400, 21, 19, 100)]
    first = compute(scheduler)
    assert first is not None
    assert sorted(row.lengths[0] for row, *_ in first.parts) == [19, 20, 21]
    assert first.tokens == 63  # 3 rows of the longest one's width
    assert [job.over for job in jobs] == [True, False, True, True, False]


def test_a_batch_is_one_models(scheduler: Scheduler) -> None:
    accept(scheduler, 20, model="a")
    accept(scheduler, 20, model="b")
    batch = compute(scheduler)
    assert batch is not None
    assert [row.model for row, *_ in batch.parts] == ["a"]


def test_a_row_longer_than_a_batch_is_computed_alone(scheduler: Scheduler) -> None:
    accept(scheduler, 600, 600)
    batch = compute(scheduler)
    assert batch is not None
    assert batch.tokens == 600


@given(st.lists(st.lists(st.integers(1, 512), min_size=1, max_size=12), min_size=1, max_size=30))
def test_every_piece_is_computed_once_in_batches_within_bounds(requests: list[list[int]]) -> None:
    scheduler = Scheduler(ServeSettings(batch_tokens=512, queue_rows=400))
    jobs = [accept(scheduler, *lengths) for lengths in requests]
    seen: list[tuple[int, int]] = []
    while batch := compute(scheduler):
        seen += [(row.number, piece) for row, first, end in batch.parts for piece in range(first, end)]
        lengths = [length for row, first, end in batch.parts for length in row.lengths[first:end]]
        assert batch.tokens == max(lengths) * len(lengths) <= 512
        assert sum(lengths) >= (1 - PADDING) * batch.tokens
    assert sorted(seen) == [(row.number, 0) for job in jobs for row in job.rows]
    assert all(job.over for job in jobs)


def test_the_windows_of_a_long_row_are_spread_over_batches(scheduler: Scheduler) -> None:
    job = accept(scheduler, [100] * 12)
    spans = []
    while batch := compute(scheduler):
        spans += [(first, end) for _, first, end in batch.parts]
    assert spans == [(0, 5), (5, 10), (10, 12)]
    assert job.over


def tokens_until(scheduler: Scheduler, job: Job) -> int:
    """Tokens that are computed before a request is answered."""
    spent = 0
    while not job.over:
        batch = compute(scheduler)
        assert batch is not None
        spent += batch.tokens
    return spent


def test_a_long_request_does_not_hold_up_a_short_one(scheduler: Scheduler) -> None:
    accept(scheduler, *[256] * 100)  # 25,600 tokens
    compute(scheduler)
    short = accept(scheduler, 20)
    assert tokens_until(scheduler, short) <= 2 * 20 + 512


def test_nor_do_many_requests_of_one_long_row(scheduler: Scheduler) -> None:
    for _ in range(100):
        accept(scheduler, 500)
    for _ in range(10):
        compute(scheduler)
        short = accept(scheduler, 20)
        assert tokens_until(scheduler, short) <= 101 * 20 + 512


def test_nor_does_a_request_of_many_short_rows(scheduler: Scheduler) -> None:
    accept(scheduler, *[40] * 250)  # 10,000 tokens
    compute(scheduler)
    other = accept(scheduler, 20)
    assert tokens_until(scheduler, other) <= 2 * 20 + 512


def test_short_requests_do_not_starve_a_long_one(scheduler: Scheduler) -> None:
    long = accept(scheduler, 500)
    spent = 0
    while not long.over:
        for _ in range(4):  # more short work arrives than is computed
            accept(scheduler, 20)
        batch = scheduler.next_batch()
        assert batch is not None
        for row, _, _ in batch.parts:
            scheduler.answer(row, "result")
        spent += batch.tokens
    assert spent <= 500 * 6 + 512


@pytest.mark.parametrize("sizes", [(1,) * 300, (300,), (150, 150)])
def test_the_limit_of_rows_is_the_same_for_one_and_many(scheduler: Scheduler, sizes: tuple[int, ...]) -> None:
    for size in sizes:
        scheduler.accept([new()] * size, deadline=1.0)
    with pytest.raises(OverloadedError, match="at most 300 inputs") as caught:
        scheduler.accept([new()], deadline=1.0)
    assert caught.value.headers == {"Retry-After": "1"}
    assert scheduler.rows == 300  # what was refused leaves nothing behind


@pytest.mark.parametrize("count", [1, 10])
def test_the_limit_of_characters_is_the_same_for_one_and_many(scheduler: Scheduler, count: int) -> None:
    rows = [new(characters=100_000 // count)] * count
    scheduler.accept(rows, deadline=1.0)
    with pytest.raises(OverloadedError, match="at most 100,000 characters"):
        scheduler.accept([new(characters=1)], deadline=1.0)


def test_there_is_room_again_after_an_answer(scheduler: Scheduler) -> None:
    accept(scheduler, *[10] * 300)
    compute(scheduler)
    assert scheduler.rows == 249  # 51 rows of 10 tokens fit into 512
    accept(scheduler, *[10] * 51)


def test_what_waited_too_long_is_told_and_never_handed_out(scheduler: Scheduler) -> None:
    early = scheduler.accept([new()], deadline=1.0)
    late = scheduler.accept([new()], deadline=2.0)
    assert scheduler.expired(0.9) == []
    assert scheduler.expired(1.0) == [early]
    assert scheduler.drop(early) == 1
    assert [row.job for row in scheduler.take_unread()] == [late]
    assert scheduler.rows == 1


def test_what_is_being_tokenised_can_expire(scheduler: Scheduler) -> None:
    job = scheduler.accept([new()], deadline=1.0)
    (row,) = scheduler.take_unread()
    assert scheduler.expired(1.0) == [job]
    scheduler.drop(job)
    scheduler.add_read(row, (5,))
    assert scheduler.next_batch() is None


def test_a_request_that_is_being_computed_does_not_expire(scheduler: Scheduler) -> None:
    accept(scheduler, 5)
    scheduler.next_batch()
    assert scheduler.expired(1000.0) == []


def test_a_dropped_request_is_not_computed_and_the_worker_forgets_it(scheduler: Scheduler) -> None:
    gone = accept(scheduler, 20, 400)
    stays = accept(scheduler, 20)
    assert scheduler.drop(gone) == 2
    assert scheduler.drop(gone) == 0
    assert scheduler.dropped == [row.number for row in gone.rows]
    batch = compute(scheduler)
    assert batch is not None
    assert [row.job for row, *_ in batch.parts] == [stays]
    assert scheduler.idle
    assert (scheduler.rows, scheduler.characters) == (0, 0)


def test_a_request_dropped_while_it_is_tokenised_is_not_computed(scheduler: Scheduler) -> None:
    job = scheduler.accept([new()], deadline=1.0)
    rows = scheduler.take_unread()
    scheduler.drop(job)
    scheduler.add_read(rows[0], (5,))
    assert scheduler.next_batch() is None
    assert rows[0].number in scheduler.dropped


def test_a_request_dropped_while_it_is_computed_leaves_no_count(scheduler: Scheduler) -> None:
    job = accept(scheduler, 20)
    batch = scheduler.next_batch()
    assert batch is not None
    assert scheduler.drop(job) == 0
    assert scheduler.answer(batch.parts[0][0], "late") is False
    assert scheduler.rows == 0


def test_an_urgent_request_goes_first_alone_and_beside_the_limits(scheduler: Scheduler) -> None:
    accept(scheduler, *[20] * 300)
    probe = scheduler.accept([new()], deadline=1.0, urgent=True)
    (row,) = scheduler.take_unread()
    scheduler.add_read(row, (20,))
    batch = compute(scheduler)
    assert batch is not None
    assert [row.job for row, *_ in batch.parts] == [probe]
    assert scheduler.rows == 300


def test_a_call_is_computed_alone(scheduler: Scheduler) -> None:
    scheduler.accept([new(verb="explain"), new()], deadline=1.0)
    for row in scheduler.take_unread():
        scheduler.add_read(row, (20,))
    batch = compute(scheduler)
    assert batch is not None
    assert len(batch.parts) == 1


def test_a_flood_of_characters_is_tokenised_in_portions() -> None:
    scheduler = Scheduler(ServeSettings())
    scheduler.accept([new(characters=90_000)] * 5, deadline=1.0)
    assert [len(scheduler.take_unread()) for _ in range(4)] == [2, 2, 1, 0]


def test_long_texts_do_not_hold_up_the_tokenising_of_a_short_one() -> None:
    scheduler = Scheduler(ServeSettings())
    for _ in range(30):
        scheduler.accept([new(characters=100_000)], deadline=1.0)
    short = scheduler.accept([new(characters=40)], deadline=1.0)
    assert scheduler.take_unread()[0].job is short


def test_nor_do_short_ones_that_of_a_long_one() -> None:
    scheduler = Scheduler(ServeSettings())
    long = scheduler.accept([new(characters=100_000)], deadline=1.0)
    for _ in range(20):
        for _ in range(50):  # all that is tokenised at a time
            scheduler.accept([new(characters=4_000)], deadline=1.0)
        taken = scheduler.take_unread()
        if any(row.job is long for row in taken):
            return
        for row in taken:
            scheduler.add_read(row, (1_000,))
        while compute(scheduler):
            pass
    pytest.fail("the long one is never tokenised")


def test_rows_with_which_the_worker_was_lost_are_tried_alone(scheduler: Scheduler) -> None:
    jobs = [accept(scheduler, 20) for _ in range(3)]
    lost = scheduler.next_batch()
    assert lost is not None
    assert len(lost.parts) == 3
    scheduler.try_alone([row for row, *_ in lost.parts])
    scheduler.start_over()
    scheduler.drop(jobs[1])
    for job in (jobs[0], jobs[2]):
        (row,) = scheduler.take_unread()
        assert row.job is job
        scheduler.add_read(row, (20,))
    batches = [compute(scheduler), compute(scheduler)]
    assert [len(batch.parts) for batch in batches if batch] == [1, 1]
    assert [job.results for job in jobs] == [["result"], [None], ["result"]]
    assert (scheduler.rows, scheduler.characters, scheduler.idle) == (0, 0, True)


def test_a_new_worker_reads_again_what_waits(scheduler: Scheduler) -> None:
    job = accept(scheduler, [100] * 12, 30)
    scheduler.next_batch()
    scheduler.start_over()
    rows = scheduler.take_unread()
    assert [row.index for row in rows] == [0, 1]
    for row, lengths in zip(rows, ([100] * 12, [30]), strict=True):
        scheduler.add_read(row, lengths)
    while compute(scheduler):
        pass
    assert job.results == ["result", "result"]
