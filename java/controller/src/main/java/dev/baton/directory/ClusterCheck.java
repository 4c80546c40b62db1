package dev.baton.directory;

import dev.baton.config.ConfigException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The rules of a file for what a command makes of the directory. */
public final class ClusterCheck {
  private ClusterCheck() {}

  /**
   * Refuses what a file of the same words would be refused for.
   *
   * @param tls whether a listener takes TLS
   * @throws ConfigException with one line for each problem
   */
  public static void refuse(ClusterFile cluster, boolean tls) {
    List<String> problems = new ArrayList<>();
    Map<String, Node> nodes = new HashMap<>();
    cluster.nodes().forEach(node -> nodes.put(node.name(), node));
    Map<String, Group> groups = new HashMap<>();
    for (Group group : cluster.groups()) {
      groups.put(group.name(), group);
      problemsOf(group, nodes, problems);
    }
    Map<String, String> owners = new HashMap<>();
    for (SiteSpec site : cluster.sites()) {
      String subject = "site " + site.host() + ": ";
      for (String host : site.hosts()) {
        String owner = owners.putIfAbsent(host, site.host());
        if (owner != null) {
          problems.add(subject + host + " is of the site " + owner + " already");
        }
      }
      for (SiteRules.Problem problem :
          SiteRules.check(site.parts(), nodes::get, groups::get, tls)) {
        String part = problem.part() < 0 ? "" : site.parts().get(problem.part()).slice() + ": ";
        problems.add(subject + (site.isSplit() ? part : "") + problem.message());
      }
    }
    if (!problems.isEmpty()) {
      throw new ConfigException(problems);
    }
  }

  private static void problemsOf(Group group, Map<String, Node> nodes, List<String> problems) {
    String subject = "group " + group.name() + ": ";
    if (group.nodes().isEmpty()) {
      problems.add(subject + "expected at least one node");
    }
    for (String name : group.nodes()) {
      if (!nodes.containsKey(name)) {
        problems.add(subject + "there is no node " + name);
      }
    }
    if (group.nodes().stream().distinct().count() < group.nodes().size()) {
      problems.add(subject + "expected each node once");
    }
  }
}
