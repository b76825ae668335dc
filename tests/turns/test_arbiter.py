from worker.turns.arbiter import Arbiter, Reason


def test_given_several_reasons_then_the_caller_comes_first_and_one_reply_covers_all() -> None:
    arbiter = Arbiter()
    arbiter.want(Reason.ENTRY)
    arbiter.want(Reason.RESULT)
    arbiter.want(Reason.TURN)
    assert arbiter.next(caller_speaking=False, audible=True) is Reason.TURN
    arbiter.asked(Reason.TURN)
    arbiter.ended()
    assert arbiter.next(caller_speaking=False, audible=False) is None


def test_given_a_reply_that_runs_then_no_other_is_asked_for() -> None:
    arbiter = Arbiter()
    arbiter.want(Reason.TURN)
    arbiter.asked(Reason.TURN)
    arbiter.want(Reason.TURN)
    assert arbiter.next(caller_speaking=False, audible=False) is None
    arbiter.ended()
    assert arbiter.next(caller_speaking=False, audible=False) is Reason.TURN


def test_given_a_result_then_it_waits_until_nobody_is_heard() -> None:
    arbiter = Arbiter()
    arbiter.want(Reason.RESULT)
    assert arbiter.next(caller_speaking=False, audible=True) is None
    assert arbiter.next(caller_speaking=True, audible=False) is None
    assert arbiter.next(caller_speaking=False, audible=False) is Reason.RESULT


def test_given_a_reply_that_broke_off_then_the_rest_is_asked_for_while_the_beginning_sounds() -> None:
    arbiter = Arbiter()
    arbiter.want(Reason.RETRY)
    assert arbiter.next(caller_speaking=True, audible=True) is None
    assert arbiter.next(caller_speaking=False, audible=True) is Reason.RETRY


def test_given_news_then_it_has_a_reply_of_its_own_after_all_others() -> None:
    arbiter = Arbiter()
    arbiter.want(Reason.NEWS)
    arbiter.want(Reason.RESULT)
    assert arbiter.next(caller_speaking=False, audible=False) is Reason.RESULT
    arbiter.asked(Reason.RESULT)
    arbiter.ended()
    assert arbiter.next(caller_speaking=False, audible=False) is Reason.NEWS
    arbiter.asked(Reason.NEWS)
    arbiter.ended()
    assert arbiter.next(caller_speaking=False, audible=False) is None
