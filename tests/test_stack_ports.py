"""Which ports a desk takes."""

import socket

from oddsproject.stack import processes
from oddsproject.stack.ports import Ports


def test_of_two_desks_that_start_at_the_same_moment_each_has_its_own_port():
    wanted = processes.free_port()
    first, second = Ports(), Ports()
    assert first.near(wanted) == wanted
    assert second.near(wanted) != wanted  # nobody listens there yet, but somebody is about to
    first.leave()
    assert Ports().near(wanted) == wanted


def test_a_port_on_which_somebody_listens_is_left_alone():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert Ports().near(taken.getsockname()[1]) != taken.getsockname()[1]
