from relay.cli.demo import demo_settings


def test_the_demo_touches_nothing_but_its_folder_and_free_ports(tmp_path):
    settings = demo_settings(tmp_path, {"RELAY_XERO_API_URL": "http://127.0.0.1:1/xero"})

    assert settings.data_dir == tmp_path / "data"
    assert (settings.public_port, settings.admin_port, settings.embedded) == (0, 0, True)
    assert settings.public_host == "127.0.0.1"
