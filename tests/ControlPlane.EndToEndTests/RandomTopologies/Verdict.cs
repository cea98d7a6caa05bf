using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The reported state of an entry, and the frames that were sent to it.</summary>
/// <param name="Entry">The entry as the API shows it.</param>
/// <param name="Ways">The interfaces on which its frames can arrive, as text.</param>
/// <param name="SomeCannotReceive">Whether some of these interfaces cannot receive full frames.</param>
internal sealed record Verdict(Entry Entry, string Ways, bool SomeCannotReceive)
{
    /// <summary>The interface on which each frame arrived first, and whether the frame left by the interface of the entry.</summary>
    public List<(string Ingress, bool Arrived)> Outcomes { get; } = [];

    /// <summary>
    /// The reason why the frames prove nothing: no frame can find the entry, no frame could be sent, or all frames arrived but some
    /// interfaces could not receive one, or something is lost that rides beside other frames. Null if the frames prove the state.
    /// </summary>
    public string? Unproved =>
        Entry.Status.Faults.Any(f => f.Type is "KeyReachable" or "IngressAttached") ? "unreachable"
        : Outcomes.Count == 0 ? "no frame could be sent"
        : !SaysForwarding && Entry.Status.Faults.All(f => f.Type == "IngressKeepsFrames") && Outcomes.TrueForAll(o => o.Arrived) ? "nothing rides beside frames made by hand"
        : !SaysForwarding && SomeCannotReceive && Outcomes.TrueForAll(o => o.Arrived) ? "not all frames could be sent"
        : null;

    /// <summary>Whether state and frames agree: Forwarding if and only if every frame arrived.</summary>
    public bool Agrees => Unproved is not null || SaysForwarding == Outcomes.TrueForAll(o => o.Arrived);

    private bool SaysForwarding => Entry.Status.State == "Forwarding";

    public override string ToString() =>
        $"{Entry.Devmap}/{Entry.Key} -> {Entry.Interface} with {Entry.EgressProgram ?? "none"}, by {Ways}: {Entry.Status.State} "
        + $"({string.Join(", ", Entry.Status.Faults.Select(f => $"{f.Type}/{f.Reason}"))}); frames: {string.Join(", ", Outcomes.Select(o => $"{o.Ingress} {(o.Arrived ? "arrived" : "lost")}"))}";
}
