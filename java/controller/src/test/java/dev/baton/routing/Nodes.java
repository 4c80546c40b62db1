package dev.baton.routing;

import dev.baton.address.Ip;
import dev.baton.directory.ClientAddress;
import dev.baton.directory.HealthCheck;
import dev.baton.directory.Node;
import dev.baton.directory.NodeLimits;
import java.time.Duration;
import java.util.List;

/** Nodes for tests: number i is {@code n} and i, has an address of each family and port 80. */
final class Nodes {
  private static final long PREFIX6 = 0xfd00_0000_0000_0002L;

  private Nodes() {}

  static Ip v4(int number) {
    return new Ip().setV4(0x0a00_0200 + number);
  }

  static Ip v6(int number) {
    return new Ip().set(PREFIX6, number + 1);
  }

  static Node local(int number) {
    return weighing(number, 1);
  }

  static Node weighing(int number, int weight) {
    return new Node("n" + number, List.of(v4(number), v6(number)), 80, Node.State.UP, weight);
  }

  static Node in(int number, Node.State state) {
    return new Node("n" + number, List.of(v4(number), v6(number)), 80, state, 1);
  }

  static Node at(int number, Ip... addresses) {
    return new Node("n" + number, List.of(addresses), 80, Node.State.UP, 1);
  }

  static Node of(int number, Node.Role role) {
    return limited(number, role, NodeLimits.NONE);
  }

  static Node limited(int number, Node.Role role, NodeLimits limits) {
    return new Node(
        "n" + number,
        List.of(v4(number), v6(number)),
        80,
        Node.TLS_PORT,
        Node.State.UP,
        1,
        ClientAddress.OPTION,
        role,
        limits,
        HealthCheck.DEFAULT);
  }

  static NodeLimits limits(int maxFlows, int queue, Duration slowStart) {
    return new NodeLimits(maxFlows, queue, Duration.ofSeconds(1), slowStart);
  }
}
