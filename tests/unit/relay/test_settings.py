import pytest

from relay.settings import GHL_PUBLIC_KEY, Settings, SettingsError, read_settings


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"RELAY_XERO_WEBHOOK_KEY": "x"},
            "RELAY_XERO_WEBHOOK_KEY is not a setting of the relay; did you mean RELAY_XERO_WEBHOOK_KEYS?",
        ),
        ({"RELAY_ZZZ": "x"}, "see `relay settings --reference`"),
        ({"RELAY_ACK_DEADLINE_S": "9"}, "RELAY_ACK_DEADLINE_S: "),
        ({"RELAY_XERO_API_URL": "http://example.com"}, "must be https"),
        ({"RELAY_GHL_PUBLIC_KEYS": "/no/such/key.pem"}, "/no/such/key.pem"),
        ({"RELAY_XERO_CLIENT_SECRET_FILE": "/no/such/file"}, "RELAY_XERO_CLIENT_SECRET_FILE"),
        ({"RELAY_KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "RELAY_KAFKA_SASL_USERNAME"),
        ({"RELAY_PUBLIC_PORT_FILE": "/no/such/file"}, "is not a setting"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(environment, words):
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)

    assert words in str(caught.value)


def test_what_is_no_setting_of_ours_is_left_alone():
    assert read_settings({"PATH": "/bin", "OTEL_SERVICE_NAME": "relay"}) == Settings()


def test_lists_are_split_and_secrets_masked():
    settings = read_settings({"RELAY_XERO_WEBHOOK_KEYS": "old, new"})

    assert [key.get_secret_value() for key in settings.xero_webhook_keys] == ["old", "new"]
    assert "old" not in repr(settings)


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "secret").write_text("s3cret\n")

    settings = read_settings({"RELAY_XERO_CLIENT_SECRET_FILE": str(tmp_path / "secret")})

    assert settings.xero_client_secret.get_secret_value() == "s3cret"


def test_a_key_may_be_a_text_or_a_path(tmp_path):
    (tmp_path / "key.pem").write_text(GHL_PUBLIC_KEY)

    settings = read_settings({"RELAY_GHL_PUBLIC_KEYS": f"{tmp_path / 'key.pem'},{GHL_PUBLIC_KEY}"})

    assert settings.ghl_public_keys == (GHL_PUBLIC_KEY, GHL_PUBLIC_KEY)


@pytest.mark.parametrize(
    ("environment", "app_id"),
    [
        ({}, None),
        ({"RELAY_GHL_CLIENT_ID": "665c6bb1-k3j4"}, "665c6bb1"),
        ({"RELAY_GHL_CLIENT_ID": "665c6bb1-k3j4", "RELAY_GHL_APP_ID": "other"}, "other"),
    ],
)
def test_our_app_is_known_by_its_setting_else_by_the_client_id(environment, app_id):
    assert read_settings(environment).own_app_id == app_id


def test_plain_http_is_taken_on_loopback():
    assert (
        read_settings({"RELAY_XERO_API_URL": "http://127.0.0.1:8000/xero/"}).xero_api_url
        == "http://127.0.0.1:8000/xero"
    )
