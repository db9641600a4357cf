"""The name of a function: right when it is given, none when nobody can know."""

from lighttrace.sourcemaps.functions import Call, names
from lighttrace.sourcemaps.table import Token


def call(called: str | None, function: str | None) -> Call:
    return Call(Token(0, 1, 1, called), function)


def test_what_is_called_names_the_frame_that_is_called():
    stack = [
        call("click", "?"),
        call("submitOrder", "t"),
        call("shippingLabel", "u"),
        call(None, "S"),
    ]
    assert names(stack) == [None, "click", "submitOrder", "shippingLabel"]


def test_a_callback_does_not_get_the_name_of_the_parameter_it_was():
    assert names([call("callback", "r"), call(None, "<anonymous>")]) == [None, None]
    assert names([call("callback", "r"), call(None, "Array.<anonymous>")]) == [None, None]


def test_a_frame_that_waits_does_not_say_whom_it_called():
    assert names([call("save", "async r"), call(None, "t")]) == [None, None]


def test_no_name_comes_from_a_frame_without_a_map():
    assert names([Call(None, "x"), call(None, "t"), Call(None, "y")]) == [None, None, None]
    assert names([]) == []
