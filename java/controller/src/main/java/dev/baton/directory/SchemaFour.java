package dev.baton.directory;

import java.util.List;
import java.util.stream.Stream;

/**
 * The step from version 3 to 4: groups, datasets, parts, copies, and the log of changes.
 *
 * <p>Triggers keep the copies of a part that names a group in step with that group, whoever writes,
 * and note in {@code change_log} what a reader has to read again.
 */
final class SchemaFour {
  private static final List<String> NODES =
      List.of(
          """
          ALTER TABLE nodes ADD COLUMN role TEXT NOT NULL DEFAULT 'local'
            CHECK (role IN ('local', 'backup', 'public'))
          """,
          """
          ALTER TABLE nodes ADD COLUMN max_flows INTEGER NOT NULL DEFAULT 0
            CHECK (max_flows BETWEEN 0 AND 10000000)
          """,
          """
          ALTER TABLE nodes ADD COLUMN queue INTEGER NOT NULL DEFAULT 100
            CHECK (queue BETWEEN 0 AND 10000)
          """,
          """
          ALTER TABLE nodes ADD COLUMN queue_ms INTEGER NOT NULL DEFAULT 1000
            CHECK (queue_ms BETWEEN 0 AND 60000)
          """,
          """
          ALTER TABLE nodes ADD COLUMN slow_start_ms INTEGER NOT NULL DEFAULT 0
            CHECK (slow_start_ms BETWEEN 0 AND 3600000)
          """,
          """
          CREATE TABLE node_checks (
            node TEXT PRIMARY KEY REFERENCES nodes (name) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('none', 'tcp', 'http', 'tls')),
            path TEXT NOT NULL CHECK (substr(path, 1, 1) = '/'),
            host TEXT NOT NULL,
            status_first INTEGER NOT NULL CHECK (status_first BETWEEN 100 AND 599),
            status_last INTEGER NOT NULL CHECK (status_last BETWEEN status_first AND 599),
            interval_ms INTEGER NOT NULL CHECK (interval_ms BETWEEN 100 AND 3600000),
            timeout_ms INTEGER NOT NULL CHECK (timeout_ms BETWEEN 10 AND 60000),
            rise INTEGER NOT NULL CHECK (rise BETWEEN 1 AND 100),
            fall INTEGER NOT NULL CHECK (fall BETWEEN 1 AND 100)
          ) STRICT, WITHOUT ROWID
          """,
          """
          CREATE TABLE node_health (
            node TEXT PRIMARY KEY REFERENCES nodes (name) ON DELETE CASCADE,
            up INTEGER NOT NULL CHECK (up IN (0, 1)),
            since INTEGER NOT NULL, -- milliseconds of the Unix clock
            cause TEXT NOT NULL
          ) STRICT, WITHOUT ROWID
          """,
          "CREATE TABLE storage_groups (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
          """
          CREATE TABLE storage_group_nodes (
            storage_group TEXT NOT NULL REFERENCES storage_groups (name) ON DELETE CASCADE,
            position INTEGER NOT NULL, -- in the order of preference
            node TEXT NOT NULL REFERENCES nodes (name),
            PRIMARY KEY (storage_group, node)
          ) STRICT, WITHOUT ROWID
          """,
          "CREATE INDEX storage_group_nodes_node ON storage_group_nodes (node)");

  private static final List<String> SITES =
      List.of(
          // A number is never given to another dataset: flow entries outlive what they name.
          """
          CREATE TABLE datasets (
            id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id BETWEEN 1 AND 2147483647),
            name TEXT NOT NULL UNIQUE, -- the host of the site that is not an alias
            version TEXT NOT NULL DEFAULT '1',
            balance TEXT NOT NULL DEFAULT 'least-flows'
              CHECK (balance IN ('least-flows', 'hash-client', 'hash-path')),
            keep_alive TEXT NOT NULL DEFAULT 'reuse' CHECK (keep_alive IN ('reuse', 'close')),
            copies TEXT NOT NULL DEFAULT 'assumed' CHECK (copies IN ('assumed', 'deployed'))
          ) STRICT
          """,
          "INSERT INTO datasets (name) SELECT host FROM sites ORDER BY host",
          // A site that names its nodes itself has one part without a group.
          """
          CREATE TABLE parts (
            id INTEGER PRIMARY KEY,
            dataset INTEGER NOT NULL REFERENCES datasets (id) ON DELETE CASCADE,
            path TEXT NOT NULL CHECK (substr(path, 1, 1) = '/'),
            first INTEGER CHECK (first >= 0),
            last INTEGER CHECK (last >= first),
            storage_group TEXT REFERENCES storage_groups (name),
            CHECK ((first IS NULL) = (last IS NULL))
          ) STRICT
          """,
          "CREATE UNIQUE INDEX parts_slice ON parts (dataset, path, ifnull(first, -1))",
          "CREATE INDEX parts_group ON parts (storage_group)",
          "INSERT INTO parts (dataset, path) SELECT id, '/' FROM datasets",
          """
          CREATE TABLE copies (
            part INTEGER NOT NULL REFERENCES parts (id) ON DELETE CASCADE,
            node TEXT NOT NULL REFERENCES nodes (name),
            position INTEGER NOT NULL, -- in the order of preference
            version TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('complete', 'updating', 'failed')),
            PRIMARY KEY (part, node)
          ) STRICT, WITHOUT ROWID
          """,
          "CREATE INDEX copies_node ON copies (node)",
          """
          INSERT INTO copies SELECT p.id, n.node, n.position, '1', 'complete'
            FROM site_nodes n JOIN datasets d ON d.name = n.host JOIN parts p ON p.dataset = d.id
          """,
          "DROP TABLE site_nodes",
          """
          CREATE TABLE sites_of_datasets (
            host TEXT PRIMARY KEY,
            dataset INTEGER NOT NULL REFERENCES datasets (id),
            https_port INTEGER NOT NULL DEFAULT 0 CHECK (https_port BETWEEN 0 AND 65535)
          ) STRICT, WITHOUT ROWID
          """,
          """
          INSERT INTO sites_of_datasets SELECT s.host, d.id, s.https_port
            FROM sites s JOIN datasets d ON d.name = s.host
          """,
          "DROP TABLE sites",
          "ALTER TABLE sites_of_datasets RENAME TO sites",
          "CREATE INDEX sites_dataset ON sites (dataset)",
          // The one that goes on, or the last one: rollback needs the version before it.
          """
          CREATE TABLE deployments (
            dataset INTEGER PRIMARY KEY REFERENCES datasets (id) ON DELETE CASCADE,
            version TEXT NOT NULL,
            previous TEXT NOT NULL,
            copies_needed INTEGER NOT NULL CHECK (copies_needed >= 1),
            state TEXT NOT NULL CHECK (state IN ('copying', 'switched', 'finished')),
            began INTEGER NOT NULL -- milliseconds of the Unix clock
          ) STRICT
          """);

  /** A range beside a whole path of the same name would leave open which of them is meant. */
  private static final String SLICES_MEET =
      """
      SELECT RAISE(ABORT, 'parts of one path overlap') FROM parts p
        WHERE p.dataset = NEW.dataset AND p.path = NEW.path AND p.id IS NOT NEW.id
          AND (NEW.first IS NULL OR p.first IS NULL
            OR (p.first <= NEW.last AND NEW.first <= p.last));
      """;

  private static final String STATE_OF_NEW =
      "CASE d.copies WHEN 'assumed' THEN 'complete' ELSE 'updating' END";

  private static final String COPIES_OF_PART =
      """
      INSERT INTO copies SELECT NEW.id, g.node, g.position, d.version, %s
        FROM storage_group_nodes g JOIN datasets d ON d.id = NEW.dataset
        WHERE g.storage_group = NEW.storage_group
          AND g.node NOT IN (SELECT node FROM copies WHERE part = NEW.id);
      """
          .formatted(STATE_OF_NEW);

  private static final List<String> RULES =
      List.of(
          "CREATE TRIGGER parts_meet_new BEFORE INSERT ON parts BEGIN " + SLICES_MEET + "END",
          "CREATE TRIGGER parts_meet BEFORE UPDATE OF dataset, path, first, last ON parts BEGIN "
              + SLICES_MEET
              + "END",
          """
          CREATE TRIGGER copies_outside BEFORE INSERT ON copies
            WHEN EXISTS (SELECT 1 FROM parts p WHERE p.id = NEW.part
              AND p.storage_group IS NOT NULL AND NOT EXISTS (SELECT 1 FROM storage_group_nodes g
                WHERE g.storage_group = p.storage_group AND g.node = NEW.node))
            BEGIN SELECT RAISE(ABORT, 'a copy outside of its part''s group'); END
          """,
          "CREATE TRIGGER parts_new AFTER INSERT ON parts WHEN NEW.storage_group IS NOT NULL BEGIN "
              + COPIES_OF_PART
              + "END",
          """
          CREATE TRIGGER parts_regrouped AFTER UPDATE OF storage_group ON parts
            WHEN NEW.storage_group IS NOT NULL BEGIN
            DELETE FROM copies WHERE part = NEW.id AND node NOT IN
              (SELECT node FROM storage_group_nodes WHERE storage_group = NEW.storage_group);
            UPDATE copies SET position = (SELECT g.position FROM storage_group_nodes g
                WHERE g.storage_group = NEW.storage_group AND g.node = copies.node)
              WHERE part = NEW.id;
          """
              + COPIES_OF_PART
              + "END",
          """
          CREATE TRIGGER storage_group_nodes_new AFTER INSERT ON storage_group_nodes BEGIN
            INSERT INTO copies SELECT p.id, NEW.node, NEW.position, d.version, %s
              FROM parts p JOIN datasets d ON d.id = p.dataset
              WHERE p.storage_group = NEW.storage_group;
          END
          """
              .formatted(STATE_OF_NEW),
          """
          CREATE TRIGGER storage_group_nodes_moved AFTER UPDATE OF position ON storage_group_nodes
            WHEN OLD.position IS NOT NEW.position BEGIN
            UPDATE copies SET position = NEW.position WHERE node = NEW.node
              AND part IN (SELECT id FROM parts WHERE storage_group = NEW.storage_group);
          END
          """,
          """
          CREATE TRIGGER storage_group_nodes_gone AFTER DELETE ON storage_group_nodes BEGIN
            DELETE FROM copies WHERE node = OLD.node
              AND part IN (SELECT id FROM parts WHERE storage_group = OLD.storage_group);
          END
          """);

  private static final List<String> LOG =
      List.of(
          // The tag tells a log from another one with the same numbers, as a restored file has.
          """
          CREATE TABLE change_log (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            kind TEXT NOT NULL CHECK (kind IN ('all', 'node', 'site', 'dataset')),
            name TEXT NOT NULL, -- a node's name, a site's host, a dataset's id
            tag INTEGER NOT NULL DEFAULT (random())
          ) STRICT
          """,
          "INSERT INTO change_log (kind, name) VALUES ('all', '')",
          """
          CREATE TRIGGER change_log_pruned AFTER INSERT ON change_log WHEN NEW.sequence % 4096 = 0
            BEGIN DELETE FROM change_log WHERE sequence <= NEW.sequence - 100000; END
          """,
          noted("nodes", "node", "INSERT", "NEW.name", ""),
          noted("nodes", "node", "UPDATE", "NEW.name", ""),
          noted("nodes", "node", "DELETE", "OLD.name", ""),
          noted("node_addresses", "node", "INSERT", "NEW.node", ""),
          noted("node_addresses", "node", "UPDATE", "NEW.node", ""),
          noted("node_addresses", "node", "DELETE", "OLD.node", ""),
          noted("node_checks", "node", "INSERT", "NEW.node", ""),
          noted("node_checks", "node", "UPDATE", "NEW.node", ""),
          noted("node_checks", "node", "DELETE", "OLD.node", ""),
          noted("sites", "site", "INSERT", "NEW.host", ""),
          noted("sites", "site", "UPDATE", "NEW.host", ""),
          noted("sites", "site", "DELETE", "OLD.host", ""),
          // What no site shows yet is read with its first site.
          noted("datasets", "dataset", "UPDATE", "NEW.id", shown("NEW.id")),
          noted("parts", "dataset", "INSERT", "NEW.dataset", shown("NEW.dataset")),
          noted("parts", "dataset", "UPDATE", "NEW.dataset", shown("NEW.dataset")),
          noted("parts", "dataset", "DELETE", "OLD.dataset", shown("OLD.dataset")),
          noted("copies", "dataset", "INSERT", "p.dataset", shownPart("NEW.part")),
          noted("copies", "dataset", "UPDATE", "p.dataset", shownPart("NEW.part")),
          noted("copies", "dataset", "DELETE", "p.dataset", shownPart("OLD.part")));

  /** In order. */
  static final List<String> STATEMENTS =
      Stream.of(NODES, SITES, RULES, LOG).flatMap(List::stream).toList();

  private SchemaFour() {}

  private static String noted(String table, String kind, String event, String name, String from) {
    return """
    CREATE TRIGGER %1$s_%2$s_noted AFTER %2$s ON %1$s BEGIN
      INSERT INTO change_log (kind, name) SELECT '%3$s', %4$s %5$s;
    END
    """
        .formatted(table, event, kind, name, from);
  }

  private static String shown(String dataset) {
    return "WHERE EXISTS (SELECT 1 FROM sites WHERE dataset = " + dataset + ")";
  }

  private static String shownPart(String part) {
    return "FROM parts p WHERE p.id = "
        + part
        + " AND EXISTS (SELECT 1 FROM sites WHERE dataset = p.dataset)";
  }
}
