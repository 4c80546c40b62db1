package dev.baton.dataplane;

import static dev.baton.dataplane.Packet.ACK;
import static dev.baton.dataplane.Packet.FIN;
import static dev.baton.dataplane.Packet.RST;
import static dev.baton.dataplane.Packet.SYN;
import static dev.baton.dataplane.Packet.fromClient;
import static dev.baton.dataplane.Packet.toTarget;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.address.Ip;
import dev.baton.bindings.flow.Baton;
import dev.baton.config.Listen;
import dev.baton.config.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A denied source's SYN to a listener is dropped; nothing else of it is. */
@BothFamilies
class ListsTest extends ProgramTest {
  @TempDir private Path folder = Path.of("");

  private String client() {
    return bed.address(Packet.CLIENT);
  }

  private String all() {
    return family == Family.V4 ? "0.0.0.0/0" : "::/0";
  }

  private Listen door(String address) {
    return new Listen(Ip.of(InetAddress.ofLiteral(address)), Packet.LISTENER_PORT, Protocol.HTTP);
  }

  private SourceLists lists(String rules, String... listeners) throws IOException {
    Path file = Files.writeString(folder.resolve("lists"), rules);
    return bed.lists(file, List.of(listeners).stream().map(this::door).toList());
  }

  private SourceLists lists(String rules) throws IOException {
    return lists(rules, bed.address(Packet.LISTENER));
  }

  private static Packet syn() {
    return fromClient().flags(SYN).acknowledgment(0);
  }

  private static void assertDenied() {
    assertDropped(bed.arrives(syn()), syn(), Baton.BATON_DROP_DENIED());
  }

  private static void assertAllowed() {
    assertPassed(bed.arrives(syn()), syn());
  }

  @Test
  void withoutAListEverybodyIsHeard() {
    assertAllowed();
  }

  @Test
  void theLongestPrefixDecides() throws IOException {
    try (SourceLists _ = lists("deny " + client())) {
      assertDenied();
    }
    try (SourceLists _ = lists("deny %s\nallow %s".formatted(all(), client()))) {
      assertAllowed();
    }
    try (SourceLists _ = lists("allow %s\ndeny %s".formatted(all(), client()))) {
      assertDenied();
    }
    try (SourceLists _ = lists("deny " + all())) {
      assertDenied();
    }
  }

  @Test
  void theOtherFamilysPrefixesAreNotMeant() throws IOException {
    try (SourceLists _ = lists("deny " + (family == Family.V4 ? "::/0" : "0.0.0.0/0"))) {
      assertAllowed();
    }
  }

  @Test
  void onlyListenersAreGuarded() throws IOException {
    String other = family == Family.V4 ? "203.0.113.2" : "2001:db8::ffff";
    try (SourceLists _ = lists("deny " + client(), other)) {
      assertAllowed();
    }
    try (SourceLists _ = lists("deny " + client(), family == Family.V4 ? "0.0.0.0" : "::")) {
      assertDenied();
    }
  }

  @Test
  void aDualStackListenerIsGuardedForBoth() throws IOException {
    try (SourceLists _ = lists("deny " + client(), "::")) {
      assertDenied();
    }
  }

  @Test
  void segmentsThatBeginNothingPass() throws IOException {
    try (SourceLists _ = lists("deny " + client())) {
      for (int flags : new int[] {ACK, RST, FIN | ACK, SYN | ACK}) {
        Packet in = fromClient().flags(flags);
        assertPassed(bed.arrives(in), in);
      }
    }
  }

  @Test
  void livingFlowsGoOn() throws IOException {
    bed.put(Entry.toTarget(), Entry.toClient());
    try (SourceLists _ = lists("deny " + client())) {
      assertTranslated(bed.arrives(fromClient().payload(10)), toTarget().payload(10));
    }
  }

  @Test
  void aClosedFlowsClientDoesNotBeginAnew() throws IOException {
    Entry closed = Entry.toTarget();
    bed.put(closed, Entry.toClient());
    bed.arrives(fromClient().flags(RST).acknowledgment(0));
    assertThat(bed.state(closed).flags() & Baton.BATON_STATE_CLOSED()).isNotZero();
    try (SourceLists _ = lists("deny " + client())) {
      assertDenied();
    }
    assertThat(bed.find(closed)).isPresent();
  }

  @Test
  void aListIsReplacedWhole() throws IOException {
    try (SourceLists lists = lists("deny " + client())) {
      assertDenied();
      Files.writeString(folder.resolve("lists"), "deny " + client() + " and more\n");
      lists.refresh();
      assertDenied(); // what is wrong leaves it as it was
      Files.writeString(folder.resolve("lists"), "# nobody\n");
      lists.refresh();
      assertAllowed();
      Files.delete(folder.resolve("lists"));
      lists.refresh();
      assertAllowed();
    }
  }
}
