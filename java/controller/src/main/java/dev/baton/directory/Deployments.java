package dev.baton.directory;

import dev.baton.directory.Copy.State;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a dataset comes from one version to the next (docs/deploy.md). Each method is one
 * transaction; a copy serves only while it is complete at the dataset's version, so the switch is
 * the change of one field.
 *
 * <p>While a deployment is {@link Phase#COPYING} the old version serves from the copies that have
 * not been touched yet. As soon as enough copies of the new one are complete, the dataset's version
 * changes with the last of them.
 */
public final class Deployments {
  private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final Pattern COUNTED = Pattern.compile("[0-9]{1,18}");

  private final SqliteDirectory directory;

  /** Of an open directory. */
  public Deployments(SqliteDirectory directory) {
    this.directory = directory;
  }

  /** How far a deployment has come. */
  public enum Phase {
    /** The old version serves. */
    COPYING("copying"),
    /** The new version serves. */
    SWITCHED("switched"),
    /** Nothing is left to do. */
    FINISHED("finished");

    private final String text;

    Phase(String text) {
      this.text = text;
    }

    /** As the database and the commands have it. */
    public String text() {
      return text;
    }

    static Phase of(String text) {
      for (Phase each : values()) {
        if (each.text.equals(text)) {
          return each;
        }
      }
      throw new IllegalArgumentException(text);
    }
  }

  /**
   * A deployment.
   *
   * @param version the new one
   * @param previous what served before
   * @param copiesNeeded complete copies of each part before the switch; where a part has fewer, all
   * @param phase how far it has come
   * @param began when
   */
  public record Deployment(
      String version, String previous, int copiesNeeded, Phase phase, Instant began) {}

  /**
   * Where a dataset stands.
   *
   * @param dataset its number
   * @param name the host of the site that is not an alias
   * @param version the one that serves
   * @param deployment the one that goes on or was the last; null: there was none
   * @param copies of all parts
   */
  public record Standing(
      int dataset,
      String name,
      String version,
      @Nullable Deployment deployment,
      List<PartCopy> copies) {
    /** Whether a deployment goes on. */
    public boolean isGoingOn() {
      return deployment != null && deployment.phase() != Phase.FINISHED;
    }

    /** What a copy that is made now is a copy of. */
    public String wanted() {
      return deployment == null || deployment.phase() == Phase.FINISHED
          ? version
          : deployment.version();
    }

    /** Those of one node. */
    public List<PartCopy> on(String node) {
      return copies.stream().filter(copy -> copy.node().equals(node)).toList();
    }

    /** Whether each part has as many complete copies of a version as it needs, or all. */
    boolean isComplete(String wanted, int needed) {
      return copies.stream()
          .mapToLong(PartCopy::part)
          .distinct()
          .allMatch(part -> {
            List<PartCopy> all = copies.stream().filter(c -> c.part() == part).toList();
            long complete = all.stream().filter(copy -> copy.serves(wanted)).count();
            return complete >= Math.min(needed, all.size());
          });
    }
  }

  /**
   * A copy and its part.
   *
   * @param part its number
   * @param path the part's
   * @param range the part's; null: all that the path holds
   * @param size of the file that the range is of; 0 without one
   * @param node where the copy is
   * @param nodeUp whether the directory lets that node have connections
   * @param version what it is a copy of
   * @param state whether it is whole
   */
  public record PartCopy(
      long part,
      String path,
      @Nullable ByteRange range,
      long size,
      String node,
      boolean nodeUp,
      String version,
      State state) {
    /** Whether it serves requests for this version. */
    public boolean serves(String wanted) {
      return state == State.COMPLETE && version.equals(wanted);
    }

    /** The part, as messages have it: {@code /big.bin 0-99}. */
    public String slice() {
      return range == null ? path : path + " " + range;
    }
  }

  /**
   * Begins a new version. Nothing changes for clients.
   *
   * @param version null: the one after the current, which must be a number then
   * @param copies complete copies of each part before the switch; 0: half of the part that has the
   *     fewest, at least one
   * @throws RefusedException while another deployment goes on, or when the version is the current
   */
  public Standing begin(String host, @Nullable String version, int copies) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      if (now.isGoingOn()) {
        throw new RefusedException(
            "%s: version %s is being deployed; finish it or roll it back first"
                .formatted(now.name(), now.wanted()));
      }
      String next = version == null ? next(now.version()) : valid(version);
      if (next.equals(now.version())) {
        throw new RefusedException(now.name() + ": version " + next + " is the current one");
      }
      update(
          c,
          """
          INSERT OR REPLACE INTO deployments (dataset, version, previous, copies_needed, state, began)
          VALUES (?, ?, ?, ?, 'copying', ?)
          """,
          now.dataset(),
          next,
          now.version(),
          copies > 0 ? copies : half(now),
          System.currentTimeMillis());
      return standing(c, host);
    });
  }

  /**
   * From now on the node's copies serve nobody: their bytes are about to be replaced.
   *
   * @param force even if nothing else serves one of the parts
   * @throws RefusedException if nothing else does and {@code force} is false
   */
  public Standing updating(String host, String node, boolean force) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      for (PartCopy copy : requireOn(now, node)) {
        if (!force && isLast(now, copy)) {
          throw new RefusedException(
              "%s: no other node that is up serves %s; --force takes it away all the same"
                  .formatted(now.name(), copy.slice()));
        }
        setCopy(c, copy, now.wanted(), State.UPDATING);
      }
      return standing(c, host);
    });
  }

  /**
   * The node's copies are whole. If there are enough of them by now, the new version serves from
   * now on.
   *
   * @throws RefusedException if the bytes were replaced while the copies served
   */
  public Standing complete(String host, String node) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      for (PartCopy copy : requireOn(now, node)) {
        if (copy.state() == State.COMPLETE && !copy.version().equals(now.wanted())) {
          throw new RefusedException(
              "%s: the copy of %s on %s is one of version %s; say \"updating\" before its bytes change"
                  .formatted(now.name(), copy.slice(), node, copy.version()));
        }
        setCopy(c, copy, now.wanted(), State.COMPLETE);
      }
      Standing then = standing(c, host);
      Deployment deployment = then.deployment();
      if (deployment != null
          && deployment.phase() == Phase.COPYING
          && then.isComplete(deployment.version(), deployment.copiesNeeded())) {
        setVersion(c, then.dataset(), deployment.version());
        setPhase(c, then.dataset(), Phase.SWITCHED);
        return standing(c, host);
      }
      return then;
    });
  }

  /** The node's copies could not be made: they serve nobody. */
  public Standing failed(String host, String node) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      for (PartCopy copy : requireOn(now, node)) {
        setCopy(c, copy, now.wanted(), State.FAILED);
      }
      return standing(c, host);
    });
  }

  /**
   * Ends a deployment.
   *
   * @param force although some copies are not complete; they serve nobody until they are
   * @throws RefusedException before the switch, or for such copies
   */
  public Standing finish(String host, boolean force) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      Deployment deployment = now.deployment();
      if (deployment == null || deployment.phase() == Phase.FINISHED) {
        throw new RefusedException(now.name() + ": nothing is being deployed");
      }
      if (deployment.phase() == Phase.COPYING) {
        throw new RefusedException(
            "%s: version %s has not enough complete copies to serve; roll it back to give it up"
                .formatted(now.name(), deployment.version()));
      }
      List<String> missing =
          now.copies().stream()
              .filter(copy -> !copy.serves(now.version()))
              .map(PartCopy::node)
              .distinct()
              .toList();
      if (!force && !missing.isEmpty()) {
        throw new RefusedException(
            "%s: not complete at version %s: %s; --force ends it all the same"
                .formatted(now.name(), now.version(), String.join(", ", missing)));
      }
      setPhase(c, now.dataset(), Phase.FINISHED);
      return standing(c, host);
    });
  }

  /**
   * Back to the version before: at once if the switch is still to come, else if there are complete
   * copies of it.
   *
   * @throws RefusedException if a part has none, or nothing was deployed
   */
  public Standing rollback(String host) {
    return directory.change(c -> {
      Standing now = standing(c, host);
      Deployment deployment = now.deployment();
      if (deployment == null) {
        throw new RefusedException(now.name() + ": nothing was deployed");
      }
      if (deployment.phase() != Phase.COPYING) {
        if (!now.isComplete(deployment.previous(), 1)) {
          throw new RefusedException(
              "%s: version %s has no complete copy of every part any more"
                  .formatted(now.name(), deployment.previous()));
        }
        setVersion(c, now.dataset(), deployment.previous());
      }
      update(c, "DELETE FROM deployments WHERE dataset = ?", now.dataset());
      return standing(c, host);
    });
  }

  /** Where a site's dataset stands. */
  public Standing status(String host) {
    return directory.look(c -> standing(c, host));
  }

  /** All datasets with a deployment, by name. */
  public List<Standing> status() {
    return directory.look(c -> {
      List<Standing> all = new ArrayList<>();
      try (PreparedStatement statement =
              c.prepareStatement(
                  """
                  SELECT d.name FROM datasets d JOIN deployments p ON p.dataset = d.id
                  ORDER BY d.name
                  """);
          ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          all.add(standing(c, rows.getString(1)));
        }
      }
      return all;
    });
  }

  private static String valid(String version) {
    if (!VERSION.matcher(version).matches()) {
      throw new IllegalArgumentException(
          "a version: 1 to 64 of letters, digits, \".\", \"_\" and \"-\", found \""
              + version
              + '"');
    }
    return version;
  }

  private static String next(String version) {
    if (!COUNTED.matcher(version).matches()) {
      throw new IllegalArgumentException(
          "--version, since the current one is no number: " + version);
    }
    return Long.toString(Long.parseLong(version) + 1);
  }

  private static int half(Standing now) {
    long fewest =
        now.copies().stream()
            .mapToLong(PartCopy::part)
            .distinct()
            .map(part -> now.copies().stream().filter(copy -> copy.part() == part).count())
            .min()
            .orElse(1);
    return (int) Math.max(1, fewest / 2);
  }

  private static boolean isLast(Standing now, PartCopy copy) {
    return copy.serves(now.version())
        && now.copies().stream()
            .noneMatch(other ->
                other.part() == copy.part()
                    && !other.node().equals(copy.node())
                    && other.nodeUp()
                    && other.serves(now.version()));
  }

  private static List<PartCopy> requireOn(Standing now, String node) {
    List<PartCopy> copies = now.on(node);
    if (copies.isEmpty()) {
      throw new IllegalArgumentException(
          "a node that holds part of %s, found \"%s\"".formatted(now.name(), node));
    }
    return copies;
  }

  private static Standing standing(Connection c, String host) throws SQLException {
    try (PreparedStatement statement =
        c.prepareStatement(
            """
            SELECT d.id, d.name, d.version, p.version, p.previous, p.copies_needed, p.state, p.began
            FROM sites s JOIN datasets d ON d.id = s.dataset
            LEFT JOIN deployments p ON p.dataset = d.id WHERE s.host = ?
            """)) {
      statement.setString(1, host);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new IllegalArgumentException("a site of the directory, found \"" + host + '"');
        }
        String version = row.getString(4);
        Deployment deployment =
            version == null
                ? null
                : new Deployment(
                    version,
                    row.getString(5),
                    row.getInt(6),
                    Phase.of(row.getString(7)),
                    Instant.ofEpochMilli(row.getLong(8)));
        int dataset = row.getInt(1);
        return new Standing(
            dataset, row.getString(2), row.getString(3), deployment, copies(c, dataset));
      }
    }
  }

  private static List<PartCopy> copies(Connection c, int dataset) throws SQLException {
    List<PartCopy> copies = new ArrayList<>();
    try (PreparedStatement statement =
        c.prepareStatement(
            """
            SELECT p.id, p.path, p.first, p.last,
              (SELECT ifnull(max(o.last) + 1, 0) FROM parts o
                WHERE o.dataset = p.dataset AND o.path = p.path),
              k.node, n.state = 'up', k.version, k.state
            FROM parts p JOIN copies k ON k.part = p.id JOIN nodes n ON n.name = k.node
            WHERE p.dataset = ? ORDER BY p.path, p.first, k.position, k.node
            """)) {
      statement.setInt(1, dataset);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          long first = rows.getLong(3);
          boolean whole = rows.wasNull();
          copies.add(
              new PartCopy(
                  rows.getLong(1),
                  rows.getString(2),
                  whole ? null : new ByteRange(first, rows.getLong(4)),
                  rows.getLong(5),
                  rows.getString(6),
                  rows.getBoolean(7),
                  rows.getString(8),
                  State.of(rows.getString(9))));
        }
      }
    }
    return copies;
  }

  private static void setCopy(Connection c, PartCopy copy, String version, State state)
      throws SQLException {
    update(
        c,
        "UPDATE copies SET version = ?, state = ? WHERE part = ? AND node = ?",
        version,
        state.text(),
        copy.part(),
        copy.node());
  }

  private static void setVersion(Connection c, int dataset, String version) throws SQLException {
    update(c, "UPDATE datasets SET version = ? WHERE id = ?", version, dataset);
  }

  private static void setPhase(Connection c, int dataset, Phase phase) throws SQLException {
    update(c, "UPDATE deployments SET state = ? WHERE dataset = ?", phase.text(), dataset);
  }

  private static void update(Connection c, String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = c.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }
}
