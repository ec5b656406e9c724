import pytest
import yaml

import schemas
from cfc_pipeline.disclosure.profile import load_profile, reason_texts, rule_text
from cfc_pipeline.disclosure.protected import Reason
from cfc_pipeline.errors import ConfigError


def rewritten(folder, change):
    profiles = yaml.safe_load(schemas.DISCLOSURE.read_text())
    change(profiles)
    path = folder / "disclosure.yaml"
    path.write_text(yaml.safe_dump(profiles))
    return path


def test_the_default_is_the_rule_of_the_house():
    profile = load_profile("default")
    assert (profile.smallest_count, profile.people_behind_estimate, profile.base_of_percentage) == (5, 8, 10)
    assert (profile.schools_behind_figure, profile.people_behind_order_statistic) == (3, 10)
    assert profile.hide_unanimous
    assert profile.gives_way == "total"


def test_a_profile_takes_what_it_does_not_say_from_the_one_it_is_like():
    kept, default = load_profile("keep_years"), load_profile("default")
    assert kept.gives_way == "part"
    assert kept.model_dump(exclude={"name", "title", "gives_way"}) == default.model_dump(
        exclude={"name", "title", "gives_way"}
    )


@pytest.mark.parametrize("name", sorted(yaml.safe_load(schemas.DISCLOSURE.read_text())))
def test_every_profile_can_be_used_and_words_every_reason(name):
    profile = load_profile(name)
    assert set(reason_texts(profile)) == set(Reason.__members__)
    assert f"{profile.people_behind_estimate} people" in rule_text(profile)


def test_reasons_follow_the_profiles_own_numbers():
    assert "1 to 9" in reason_texts(load_profile("tens"))["SMALL_COUNT"]
    assert "1 to 4" in reason_texts(load_profile("default"))["SMALL_COUNT"]


def test_an_unknown_profile_is_refused_and_the_known_ones_are_named():
    with pytest.raises(ConfigError, match="default"):
        load_profile("none_at_all")


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p["default"]["settings"].pop("smallest_count"),
        lambda p: p["default"]["settings"].update(extra={"value": 1, "meaning": "", "source": ""}),
        lambda p: p["default"]["settings"]["smallest_count"].update(value=0),
        lambda p: p["default"]["settings"]["smallest_count"].update(value="5"),
        lambda p: p["default"]["settings"]["smallest_count"].update(value=9),  # more than a mean needs
        lambda p: p["default"]["settings"]["hide_unanimous"].update(value="perhaps"),
        lambda p: p["default"]["settings"]["gives_way"].update(value="nothing"),
        lambda p: p["default"]["settings"]["gives_way"].pop("source"),
        lambda p: p["default"].update(like="default"),
        lambda p: p["default"].update(like="keep_years"),
        lambda p: p["default"].update(note="a key that nobody knows"),
        lambda p: p.update(default=None),
    ],
)
def test_a_setting_that_is_not_understood_stops_the_release(tmp_path, change):
    path = rewritten(tmp_path, change)
    with pytest.raises(ConfigError):
        load_profile("default", path)


@pytest.mark.parametrize("text", ["", "- a list", "default: [", "\x00"])
def test_a_file_that_is_no_profile_is_refused(tmp_path, text):
    path = tmp_path / "disclosure.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError):
        load_profile("default", path)
