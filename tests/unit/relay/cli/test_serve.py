def test_help_says_what_it_does_with_an_example(shell):
    answer = shell.run("serve", "--help")

    assert answer.code == 0
    assert "Example: " in answer.out
