package dev.baton.config;

/**
 * Names of the network interfaces the data plane is attached to; both may be the same.
 *
 * @param publicName where clients' packets arrive
 * @param clusterName where targets' packets arrive
 */
public record Interfaces(String publicName, String clusterName) {}
