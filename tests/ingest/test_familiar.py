from lighttrace.ingest.familiar import LASTS_MS, Familiar


def test_a_group_is_familiar_for_an_hour_in_its_own_project() -> None:
    familiar = Familiar()
    assert not familiar.knows((1, 1, b"a"), 0)
    familiar.keep((1, 1, b"a"), 1000)
    assert familiar.knows((1, 1, b"a"), 1000 + LASTS_MS - 1)
    assert not familiar.knows((2, 1, b"a"), 1000)
    assert not familiar.knows((1, 2, b"a"), 1000)
    assert not familiar.knows((1, 1, b"a"), 1000 + LASTS_MS)
    assert not familiar.knows((1, 1, b"a"), 0)  # the clock was put back
