package dev.baton.routing;

import dev.baton.address.Ip;
import dev.baton.directory.Copy;
import dev.baton.directory.Dataset;
import dev.baton.directory.Node;
import dev.baton.directory.Part;
import dev.baton.directory.Site;
import dev.baton.directory.Snapshot;
import dev.baton.front.FirstBytes;
import dev.baton.head.Place;
import dev.baton.head.Spoken;
import dev.baton.http.HostNames;
import dev.baton.http.RequestHeadParser;
import dev.baton.reason.Reason;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Decides what becomes of requests, for one event loop (docs/routing.md). */
public final class Router {
  private final Fleet fleet;
  private final Settings settings;
  private final String suffix;
  private final PartChoice parts = new PartChoice();
  private final Balancer balancer = new Balancer();

  /**
   * What does not change while the controller runs.
   *
   * @param clusterDomain the domain below which nodes have names
   * @param redirectStatus for clients that are sent to a public node
   * @param reachesV4 whether the DMZ node has an address towards targets of that family
   * @param reachesV6 likewise
   */
  public record Settings(
      String clusterDomain, int redirectStatus, boolean reachesV4, boolean reachesV6) {}

  /** For a loop of the controller that the fleet belongs to. */
  public Router(Fleet fleet, Settings settings) {
    this.fleet = fleet;
    this.settings = settings;
    suffix = "." + settings.clusterDomain();
  }

  /**
   * Decides.
   *
   * @param snapshot the newest
   * @param request whose head is complete
   * @param head its bytes
   * @param client who asks; its family is the one its node is reached over
   * @param port that was called
   * @param waits whether it waits for a flow to end already, and is the first that does
   * @param now CLOCK_MONOTONIC nanoseconds
   * @param decision is written
   */
  public void route(
      Snapshot snapshot,
      FirstBytes request,
      MemorySegment head,
      Ip client,
      int port,
      boolean waits,
      long now,
      Decision decision) {
    decision.begin(snapshot);
    NodeHost named =
        request.spoken() == Spoken.HTTP1 ? NodeHost.of(request.host(), suffix, snapshot) : null;
    Site site = snapshot.find(named == null ? request.host() : named.host());
    decision.site = site;
    if (site == null) {
      decision.refuse(404, Reason.UNKNOWN_HOST, "no site of this name is served here");
      return;
    }
    if (named != null && named.node().role() == Node.Role.PUBLIC) {
      decision.refuse(421, Reason.NODE_IS_ELSEWHERE, "this node does not answer here");
      return;
    }
    if (site.httpsPort() != 0 && request.spoken() != Spoken.TLS) {
      toHttps(site, request, head, decision);
      return;
    }
    Dataset dataset = site.dataset();
    decision.closes = dataset.isSplit() || dataset.keepAlive() == Dataset.KeepAlive.CLOSE;
    decision.host = named == null ? null : named.host();
    if (!parts.choose(snapshot, dataset, request, head, decision)) {
      return;
    }
    Part part = Objects.requireNonNull(decision.part);
    if (named != null) {
      onThatNode(part, dataset, named.node(), client.isV4(), waits, decision);
      return;
    }
    choose(snapshot, dataset, part, request, head, client, port, waits, now, decision);
  }

  private void choose(
      Snapshot snapshot,
      Dataset dataset,
      Part part,
      FirstBytes request,
      MemorySegment head,
      Ip client,
      int port,
      boolean waits,
      long now,
      Decision decision) {
    boolean v4 = client.isV4();
    Balancer.Outcome outcome =
        balancer.choose(
            part.copies(),
            dataset.version(),
            dataset.balance(),
            v4,
            HashKey.of(dataset.balance(), request, head, client),
            fleet.states(snapshot),
            waits,
            now,
            decision.candidates);
    boolean exists = outcome == Balancer.Outcome.CHOSEN || outcome == Balancer.Outcome.FULL;
    if (exists && !reaches(v4)) {
      outcome = Balancer.Outcome.NONE_IN_FAMILY;
    }
    switch (outcome) {
      case CHOSEN -> decision.kind = Decision.Kind.HAND_OVER;
      case FULL -> full(snapshot, decision);
      case NONE_COMPLETE, NONE_UP, NONE_IN_FAMILY ->
          elsewhere(outcome, dataset, part, request, head, client, port, decision);
    }
  }

  private boolean reaches(boolean v4) {
    return v4 ? settings.reachesV4() : settings.reachesV6();
  }

  private void full(Snapshot snapshot, Decision decision) {
    Node node = balancer.shortestQueue;
    if (node == null) {
      decision.refuse(503, Reason.NODES_FULL, "the nodes that host this site have all they take");
    } else {
      decision.await(fleet.state(snapshot, node), node.limits().queueTime().toNanos());
    }
  }

  /** Asked for by the node's own name, nothing else will do. */
  private void onThatNode(
      Part part, Dataset dataset, Node node, boolean v4, boolean waits, Decision decision) {
    for (int i = 0; i < part.copies().size(); i++) {
      Copy copy = part.copies().get(i);
      if (copy.node().name().equals(node.name())
          && copy.serves(dataset.version())
          && isUp(decision, node)
          && node.address(v4) != null
          && reaches(v4)) {
        handOverTo(node, waits, decision);
        return;
      }
    }
    decision.refuse(503, Reason.NO_NODE_UP, "this node has no copy that serves");
  }

  /** Its name is no way round its limits. */
  private void handOverTo(Node node, boolean waits, Decision decision) {
    NodeState state = fleet.state(decision.snapshot(), node);
    if (!Balancer.isFull(node, state, waits)) {
      decision.candidates.add(node);
      decision.kind = Decision.Kind.HAND_OVER;
    } else if (Balancer.hasRoom(node, state.waiting(), waits)) {
      decision.await(state, node.limits().queueTime().toNanos());
    } else {
      decision.refuse(503, Reason.NODES_FULL, "this node has all it takes");
    }
  }

  private boolean isUp(Decision decision, Node node) {
    return node.state() == Node.State.UP && fleet.state(decision.snapshot(), node).isWell();
  }

  /** To a public node that has a complete copy, if the client can be told so; else 503. */
  private void elsewhere(
      Balancer.Outcome outcome,
      Dataset dataset,
      Part part,
      FirstBytes request,
      MemorySegment head,
      Ip client,
      int port,
      Decision decision) {
    Node node = publicNode(part.copies(), dataset.version(), client, decision);
    String host = request.host();
    if (node != null && host != null && !HostNames.isAddress(host)) {
      String location = request.location(head, new Place("http", "." + node.name() + suffix, port));
      if (location != null && location.isEmpty()) {
        decision.refuse(414, Reason.LOCATION_TOO_LONG, "the request target is too long");
        return;
      }
      if (location != null) {
        RequestHeadParser http1 = request.request();
        boolean old = http1 != null && http1.versionMinor() == 0;
        int status = old ? 302 : settings.redirectStatus();
        decision.redirect(status, Reason.REDIRECTED_TO_PUBLIC, location);
        return;
      }
    }
    switch (outcome) {
      case NONE_COMPLETE ->
          decision.refuse(503, Reason.NO_COMPLETE_COPY, "no node has a whole copy of this site");
      case NONE_IN_FAMILY ->
          decision.refuse(
              503,
              Reason.NO_ADDRESS_IN_FAMILY,
              "no node that hosts this site is reached over " + (client.isV4() ? "IPv4" : "IPv6"));
      case NONE_UP, FULL, CHOSEN ->
          decision.refuse(503, Reason.NO_NODE_UP, "no node that hosts this site is up");
    }
  }

  /** The public node that this client is sent to, always the same as long as it can be. */
  private @Nullable Node publicNode(
      List<Copy> copies, String version, Ip client, Decision decision) {
    @Nullable Node best = null;
    long least = 0;
    long key = HashKey.ofClient(client);
    for (int i = 0; i < copies.size(); i++) {
      Copy copy = copies.get(i);
      Node node = copy.node();
      if (node.role() == Node.Role.PUBLIC && copy.serves(version) && isUp(decision, node)) {
        long score = Balancer.mix(key ^ fleet.state(decision.snapshot(), node).seed);
        if (best == null || score < least) {
          best = node;
          least = score;
        }
      }
    }
    return best;
  }

  /**
   * Sends the client to the same thing by HTTPS: 301 means the same for GET and HEAD and is older;
   * 308 keeps another method and its body (RFC 9110 15.4.2, 15.4.9).
   */
  private static void toHttps(
      Site site, FirstBytes request, MemorySegment head, Decision decision) {
    if (request.host() == null) {
      decision.refuse(400, Reason.NO_HOST, "the request does not name its host");
      return;
    }
    String location = request.location(head, Place.https(site.httpsPort()));
    if (location == null || location.isEmpty()) {
      decision.refuse(414, Reason.LOCATION_TOO_LONG, "the request target is too long");
      return;
    }
    int status = request.isGetOrHead(head) ? 301 : 308;
    decision.redirect(status, Reason.REDIRECTED_TO_HTTPS, location);
  }

  /**
   * Whether a node that was chosen before may still be used: a deployment may have begun since.
   *
   * @param chosen by what was the newest snapshot then
   * @param now the newest one
   */
  public boolean stillServes(Decision.Choice chosen, Node node, Snapshot now) {
    if (chosen.snapshot() == now) {
      return true;
    }
    Site site = now.site(chosen.site().host());
    Node current = now.node(node.name());
    if (site == null
        || current == null
        || current.state() != Node.State.UP
        || current.role() == Node.Role.PUBLIC
        || current.port() != node.port()
        || current.tlsPort() != node.tlsPort()
        || !current.addresses().equals(node.addresses())) {
      return false;
    }
    for (Part part : site.dataset().parts()) {
      if (part.isSameSlice(chosen.part())) {
        return part.copies().stream()
            .anyMatch(copy ->
                copy.node().name().equals(node.name()) && copy.serves(site.dataset().version()));
      }
    }
    return false;
  }
}
