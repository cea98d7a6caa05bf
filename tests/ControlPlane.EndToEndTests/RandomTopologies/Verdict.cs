using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The reported state of an entry, and the traffic that was sent to it.</summary>
/// <param name="Entry">The entry as the API shows it.</param>
/// <param name="Ways">The interfaces on which its frames can arrive, as text.</param>
/// <param name="SomeCannotReceive">Whether some of these interfaces cannot receive full frames.</param>
/// <param name="Without">A rule that is switched off; null for none.</param>
internal sealed record Verdict(Entry Entry, string Ways, bool SomeCannotReceive, Rule? Without = null)
{
    // Conditions that are reported only.
    private static readonly string[] _reported = ["KeyReachable", "IngressAttached"];

    /// <summary>The traffic, and whether it arrived behind the interface of the entry.</summary>
    public List<(string Traffic, bool Arrived)> Outcomes { get; } = [];

    /// <summary>
    /// The reason why the traffic proves nothing: no frame can find the entry, none could be sent, or all traffic arrived but some
    /// interfaces could not receive any. Null if the traffic proves the state.
    /// </summary>
    public string? Unproved =>
        Entry.Status.Faults.Any(f => _reported.Contains(f.Type)) ? "unreachable"
        : Outcomes.Count == 0 ? "no traffic could be sent"
        : State != "Forwarding" && SomeCannotReceive && HasArrived ? "not all traffic could be sent"
        : null;

    /// <summary>Whether all traffic arrived.</summary>
    public bool HasArrived => Outcomes.TrueForAll(o => o.Arrived);

    /// <summary>
    /// Whether state and traffic agree: Forwarding if and only if all traffic arrived. Unverified agrees with any traffic, and must name a fact
    /// that is not known.
    /// </summary>
    public bool Agrees => Unproved is not null || State switch
    {
        "Forwarding" => HasArrived,
        "Unverified" => Faults.Any(f => f.Status == "Unknown"),
        _ => !HasArrived,
    };

    /// <summary>The rule that alone keeps the entry from being Forwarding, and whose traffic was lost; null if there is none, or more than one.</summary>
    public Rule? Decisive => Unproved is null && State != "Forwarding" && !HasArrived && Rule.All.Where(r => Faults.Any(r.Covers)).ToList() is [var rule] && Faults.All(rule.Covers) ? rule : null;

    /// <summary>The state as the API shows it, or as it would be if the rule were switched off.</summary>
    public string State => Without is null || Entry.Status.State is not ("Pending" or "Undeliverable" or "Unverified") ? Entry.Status.State
        : Faults.Any(f => f.Status == "False") ? "Undeliverable"
        : Faults.Any() ? "Unverified" : "Forwarding";

    private IEnumerable<Condition> Faults => Entry.Status.Faults.Where(f => !_reported.Contains(f.Type) && Without?.Covers(f) != true);

    public override string ToString() =>
        $"{Entry.Devmap}/{Entry.Key} -> {Entry.Interface} with {Entry.EgressProgram ?? "none"}{(Entry.Spec.Actions is { } actions ? $" and {actions}" : "")}, by {Ways}: {Entry.Status.State} "
        + $"({string.Join(", ", Entry.Status.Faults.Select(f => $"{f.Type}/{f.Reason}"))}); traffic: {string.Join(", ", Outcomes.Select(o => $"{o.Traffic} {(o.Arrived ? "arrived" : "lost")}"))}";
}
