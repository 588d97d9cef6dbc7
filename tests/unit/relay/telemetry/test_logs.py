import json
import logging

import structlog

from relay.telemetry.logs import configure_logs


def test_a_log_line_is_one_json_object_with_its_facts_as_fields(capsys):
    configure_logs("info", "json")

    structlog.get_logger().warning("connection.parked", connection="acme", retry_after_s=30)

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["connection"], line["retry_after_s"]) == (
        "connection.parked",
        "warning",
        "acme",
        30,
    )
    structlog.reset_defaults()


def test_what_a_library_logs_is_one_json_object_too(capsys):
    configure_logs("info", "json")

    logging.getLogger("aiokafka").error('Unable connect to "%s"', "kafka-1:9092")

    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["level"], line["logger"]) == ('Unable connect to "kafka-1:9092"', "error", "aiokafka")
    structlog.reset_defaults()


def test_a_library_is_silent_below_its_level(capsys):
    configure_logs("info", "json", libraries="critical")

    logging.getLogger("aiokafka").error("Unable connect")

    assert capsys.readouterr().err == ""
    structlog.reset_defaults()


def test_what_is_below_the_level_is_not_logged(capsys):
    configure_logs("warning", "json")

    structlog.get_logger().info("event.done")

    assert capsys.readouterr().err == ""
    structlog.reset_defaults()
