from relay.sandbox.ghl_behaviour import Behaviour, RecordPayment


def test_the_defaults_are_what_highlevel_documents() -> None:
    behaviour = Behaviour()

    assert (behaviour.burst, behaviour.burst_window_s, behaviour.daily) == (100, 10, 200_000)
    assert behaviour.access_token_s == 86_399
    assert behaviour.record_payment is RecordPayment.DESCRIPTION
