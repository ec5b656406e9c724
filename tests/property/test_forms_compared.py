"""Two forms compared: nothing differs in the same form, however it is written; every change is told, and told once;
there and back tells the opposite."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cfc_pipeline.intake.change import KINDS, TOUCHING, differences, wording
from cfc_pipeline.sources.raw import Choice, RawColumn

settings.register_profile("forms", derandomize=True, deadline=None, max_examples=100)
PROFILE = settings.get_profile("forms")

WORDS = st.text(st.sampled_from("abcde fgh-'?,"), min_size=1, max_size=12).map(lambda text: f"x{text}y")
NUMBERS = st.none() | st.integers(0, 9).map(str)
CHOICES = st.lists(st.tuples(WORDS, NUMBERS), max_size=4, unique_by=lambda one: wording(one[0])).map(
    lambda found: tuple(Choice(f"c{i}", label, number) for i, (label, number) in enumerate(found))
)
FORMS = st.lists(st.tuples(WORDS, CHOICES), min_size=1, max_size=6).map(
    lambda found: tuple(RawColumn(f"q{i}", text, choices=choices) for i, (text, choices) in enumerate(found))
)
MIRROR = {"added": "removed", "removed": "added", "choice added": "choice removed", "choice removed": "choice added"}


def kinds(before: tuple[RawColumn, ...], after: tuple[RawColumn, ...]) -> list[str]:
    return sorted(one.kind for one in differences(before, after))


def rewritten(text: str) -> str:
    """What people would call the same."""
    return f" <b>{text.upper()}</b>\u00a0".replace("'", "’").replace("-", "–") + ":"


@PROFILE
@given(form=FORMS)
def test_the_same_form_is_the_same_however_it_is_written(form: tuple[RawColumn, ...]) -> None:
    again = tuple(
        replace(
            one,
            text=rewritten(one.text),
            choices=tuple(replace(choice, label=rewritten(choice.label)) for choice in one.choices),
        )
        for one in form
    )
    assert differences(form, again) == differences(again, form) == []


@PROFILE
@given(before=FORMS, after=FORMS)
def test_there_and_back(before: tuple[RawColumn, ...], after: tuple[RawColumn, ...]) -> None:
    assert sorted(MIRROR.get(kind, kind) for kind in kinds(before, after)) == kinds(after, before)
    assert set(kinds(before, after)) <= set(KINDS)


@PROFILE
@given(form=FORMS, data=st.data())
def test_one_change_is_one_difference(form: tuple[RawColumn, ...], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(form) - 1))
    one = form[place]
    others = (*form[:place], *form[place + 1 :])
    assert kinds(form, others) == ["removed"]
    assert kinds(others, form) == ["added"]
    assert kinds(form, (*form[:place], replace(one, text=f"{one.text} z"), *form[place + 1 :])) == ["reworded"]
    expected = [] if place == len(form) - 1 else ["moved"]
    assert kinds(form, (*others, one)) == expected


@PROFILE
@given(labels=st.lists(WORDS, min_size=2, max_size=6, unique_by=wording), data=st.data())
def test_one_changed_choice_is_one_difference(labels: list[str], data: st.DataObject) -> None:
    choices = tuple(Choice(f"c{i}", label, str(i)) for i, label in enumerate(labels))
    place = data.draw(st.integers(0, len(choices) - 1))
    one, rest = choices[place], (choices[:place], choices[place + 1 :])

    def told(*now: Choice) -> list[str]:
        return kinds((RawColumn("q", "Q", choices=choices),), (RawColumn("q", "Q", choices=now),))

    assert told(*rest[0], replace(one, number="99"), *rest[1]) == ["choice recoded"]
    assert told(*rest[0], replace(one, label="something else"), *rest[1]) == ["choice relabelled"]
    assert told(*rest[0], *rest[1]) == ["choice removed"]
    assert told(*choices, Choice("new", "something else", "99")) == ["choice added"]
    assert told(*(replace(choice, id=f"other {choice.id}", number=None) for choice in choices)) == []
    assert {"choice recoded", "choice relabelled", "choice removed", "choice added"} < set(TOUCHING)


def test_what_a_file_does_not_say_about_choices_is_no_change() -> None:
    with_choices = RawColumn("q", "Q", choices=(Choice("1", "Agree", "4"),))
    assert differences([with_choices], [replace(with_choices, choices=())]) == []
