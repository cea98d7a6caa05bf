using System.Collections.Concurrent;
using System.Collections.Immutable;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Status;

/// <summary>Makes the evaluator for an answer. It uses the words of earlier answers while the facts are the same. Safe on any thread.</summary>
internal sealed class StatusEvaluators(ControlPlaneState state, DropReader drops)
{
    private readonly ConcurrentDictionary<string, SharedVerdicts> _verdicts = new(StringComparer.Ordinal);

    /// <summary>Returns an evaluator for one answer.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="devmap">The devmap in it.</param>
    /// <param name="interfaces">The interfaces.</param>
    public StatusEvaluator For(Snapshot snapshot, DevmapState devmap, InterfaceTable interfaces)
    {
        var facts = SharedFacts.Of(snapshot, devmap, interfaces);
        if (!_verdicts.TryGetValue(devmap.Id.Name, out var verdicts) || verdicts.Facts != facts)
            _verdicts[devmap.Id.Name] = verdicts = new SharedVerdicts(facts);
        return new StatusEvaluator(snapshot, devmap, state.Handles[devmap.Id], interfaces, drops, state.Facts, state.Proofs, verdicts);
    }

    /// <summary>Returns an evaluator for entries, or for facts of interfaces, that are not so yet. It leaves no trace in later answers.</summary>
    /// <inheritdoc cref="For"/>
    public StatusEvaluator ForPlan(Snapshot snapshot, DevmapState devmap, InterfaceTable interfaces)
    {
        var times = state.Facts.Aside();
        return new StatusEvaluator(
            snapshot, devmap, state.Handles[devmap.Id], interfaces, drops, times, new Proofs(times), new SharedVerdicts(SharedFacts.Of(snapshot, devmap, interfaces)));
    }
}

/// <summary>All that the verdicts on targets follow from, besides the links in the kernel. Not the snapshot itself: it holds every entry.</summary>
internal sealed record SharedFacts(
    DevmapId Devmap,
    DevmapRecord Definition,
    InterfaceTable Interfaces,
    long Attachments,
    bool IsRestoring,
    ImmutableSortedDictionary<string, PlacedProgram> Programs,
    ImmutableDictionary<string, ProgramConflict> Conflicts,
    ImmutableDictionary<string, PlacedPassProgram> PassPrograms)
{
    /// <summary>Returns the facts of a snapshot.</summary>
    public static SharedFacts Of(Snapshot snapshot, DevmapState devmap, InterfaceTable interfaces) => new(
        devmap.Id, devmap.Definition, interfaces, snapshot.AttachmentsVersion, snapshot.IsRestoring, snapshot.Programs, snapshot.Conflicts, snapshot.PassPrograms);
}

/// <summary>The verdicts that entries of one devmap share, by the interface that their frames arrive on.</summary>
/// <param name="facts">The facts that they follow from.</param>
internal sealed class SharedVerdicts(SharedFacts facts)
{
    /// <summary>The facts that the verdicts follow from.</summary>
    public SharedFacts Facts => facts;

    /// <summary>The verdicts by the name of the ingress interface; empty for any.</summary>
    public ConcurrentDictionary<string, IngressVerdicts> Ingresses { get; } = new(StringComparer.Ordinal);
}

/// <summary>The verdicts on frames from one ingress interface, as long as the same links run.</summary>
/// <param name="links">The links that run.</param>
/// <param name="facts">The facts that follow from them.</param>
/// <param name="condition">Whether the redirect program runs there.</param>
internal sealed class IngressVerdicts(IReadOnlyList<LiveLink> links, IngressFacts facts, Condition condition)
{
    /// <summary>The links that run.</summary>
    public IReadOnlyList<LiveLink> Links => links;

    /// <summary>The facts of the ways in.</summary>
    public IngressFacts Facts => facts;

    /// <summary>Whether the redirect program runs there.</summary>
    public Condition Condition => condition;

    /// <summary>The verdicts on targets, each with its egress program, the frames and the effects of their actions.</summary>
    public ConcurrentDictionary<(string Target, string? Program, FrameTraits Frames), TargetVerdict> Targets { get; } = new();
}

/// <summary>The verdict on a target. Safe on any thread.</summary>
/// <param name="verdict">The verdict.</param>
internal sealed class TargetVerdict(Verdict verdict)
{
    private Condition[]? _last;

    /// <summary>The verdict.</summary>
    public Verdict Verdict => verdict;

    /// <summary>
    /// Returns the verdict on an entry: its own condition first. Entries that share that condition share the list. The condition of its
    /// actions has the time of that one: they are in the kernel together.
    /// </summary>
    public Verdict Behind(Condition own)
    {
        var conditions = _last;
        if (conditions is null || !ReferenceEquals(conditions[0], own))
            _last = conditions = [own, .. verdict.Conditions.Select(c => c.Type == ConditionTypes.ActionsApply ? c with { LastTransitionTime = own.LastTransitionTime } : c)];
        return verdict with { Conditions = conditions };
    }
}

/// <summary>The state of entries, and the conditions that it follows from.</summary>
internal readonly record struct Verdict(EntryState State, Condition[] Conditions)
{
    /// <summary>The condition that the state follows from; null if the entry forwards.</summary>
    public Condition? Cause => State == EntryState.Forwarding
        ? null
        : Conditions.FirstOrDefault(c => c is { Type.Decides: true, Status: ConditionStatus.False }) ?? Conditions.FirstOrDefault(c => !c.Holds);
}
