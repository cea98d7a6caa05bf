using System.Collections.Immutable;
using System.Globalization;
using ControlPlane.Core.Errors;

namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>
/// The whole control plane as one that takes a call at a time would be: what it wants, and what each call must be answered.
/// Immutable.
/// </summary>
internal sealed record Model
{
    private Model(ImmutableHashSet<string> links, IReadOnlySet<ErrorCode> refusals) => (Links, Refusals) = (links, refusals);

    private ImmutableSortedDictionary<string, Entry> Entries { get; init; } = ImmutableSortedDictionary.Create<string, Entry>(StringComparer.Ordinal);

    private ImmutableSortedDictionary<string, Program> Programs { get; init; } = ImmutableSortedDictionary.Create<string, Program>(StringComparer.Ordinal);

    private ImmutableHashSet<string> Links { get; init; }

    /// <summary>At least the revision of the last change: deletions do not tell theirs, and numbers may be left out.</summary>
    private long Revision { get; init; }

    private IReadOnlySet<ErrorCode> Refusals { get; }

    /// <summary>Nothing desired yet.</summary>
    /// <param name="links">The interfaces there are.</param>
    /// <param name="refusals">Answers that any write may get at any time; the write must not have changed anything then.</param>
    public static Model Empty(IEnumerable<string> links, params ErrorCode[] refusals) => new([.. links], refusals.ToHashSet());

    /// <summary>The desired state, as text.</summary>
    public string Content =>
        string.Join('\n', [.. Entries.Select(e => $"{e.Key} {e.Value.Content} @{e.Value.Revision}"), .. Programs.Select(p => $"{p.Key} {p.Value.Template} @{p.Value.Revision}")]);

    /// <summary>Tells apart what calls could tell apart.</summary>
    public string Identity => string.Create(CultureInfo.InvariantCulture, $"{Content}\n{string.Join(' ', Links.Order())}\n{Revision}");

    /// <summary>The model after a call that was answered so; null when it cannot be answered so here.</summary>
    public Model? After(Call call)
    {
        if (call.Answer.IsCancelled || (call.Answer.Error is { } error && Refusals.Contains(error)))
            return this;
        return call.Operation switch
        {
            Operation.PutEntry put => PutEntry(call, put),
            Operation.PutBoth both => PutBoth(call, both.First, both.Second),
            Operation.PutTable table => PutTable(call, table.Only),
            Operation.DeleteEntry delete => DeleteEntry(call, delete),
            Operation.GetEntry get => Entries.TryGetValue(get.Resource, out var e)
                ? If(call.Answer == new Answer(Revision: e.Revision, Content: e.Content))
                : Refuse(call, ErrorCode.EntryNotFound),
            Operation.PutProgram put => PutProgram(call, put),
            Operation.DeleteProgram delete => DeleteProgram(call, delete),
            Operation.GetProgram get => Programs.TryGetValue(get.Name, out var p)
                ? If(call.Answer == new Answer(Revision: p.Revision, Content: p.Template))
                : Refuse(call, ErrorCode.ProgramNotFound),
            Operation.SetEgressProgram swap => SetEgressProgram(call, swap),
            Operation.SetLink set => this with { Links = set.IsThere ? Links.Add(set.Name) : Links.Remove(set.Name) },
            Operation.ReadAll => If(call.Answer.Content == Content && call.Answer.Revision >= Revision),
            _ => throw new ArgumentOutOfRangeException(nameof(call), call, "not an operation of the model"),
        };
    }

    private Model? PutEntry(Call call, Operation.PutEntry put)
    {
        var before = Entries.GetValueOrDefault(put.Resource);
        if (Unmet(call, before?.Revision) is { } unmet)
            return Refuse(call, unmet);
        // The same spec again succeeds, whether the interface exists or not.
        var after = new Entry(put.Target, put.Program, put.Label, before?.Revision ?? 0);
        if (after == before)
            return If(call.Answer == new Answer(Revision: before.Revision, Content: before.Content));
        if (!put.AllowPending && !Links.Contains(put.Target))
            return Refuse(call, ErrorCode.InterfaceNotFound);
        if (put.Program is not null && !Programs.ContainsKey(put.Program))
            return Refuse(call, ErrorCode.ProgramNotFound);
        if (Entries.Any(e => e.Key != put.Resource && e.Value.Target == put.Target && e.Value.Program != put.Program))
            return Refuse(call, ErrorCode.EgressProgramConflict);
        if (before is null && CountOf(put.Devmap) >= SmallSetup.Capacity(put.Devmap))
            return Refuse(call, ErrorCode.DevmapFull);
        return Changed(call, before is null, after.Content) is { } changed
            ? changed with { Entries = Entries.SetItem(put.Resource, after with { Revision = changed.Revision }) }
            : null;
    }

    // Each is judged by what there is after both, and both get one revision.
    private Model? PutBoth(Call call, Operation.PutEntry first, Operation.PutEntry second)
    {
        var allowPending = first.AllowPending;
        if ((Refusal(first, second) ?? Refusal(second, first)) is { } code)
            return Refuse(call, code);
        var revision = Repeats(first) && Repeats(second) ? Revision : call.Answer.Revision ?? 0;
        var after = this;
        var outcomes = new List<string>();
        foreach (var put in new[] { first, second })
        {
            var before = Entries.GetValueOrDefault(put.Resource);
            if (Repeats(put))
            {
                outcomes.Add($"Unchanged @{before!.Revision}");
                continue;
            }

            if (revision <= Revision)
                return null;
            outcomes.Add($"{(before is null ? "Created" : "Changed")} @{revision}");
            after = after with { Entries = after.Entries.SetItem(put.Resource, new Entry(put.Target, put.Program, put.Label, revision)), Revision = revision };
        }

        return call.Answer.Revision >= Revision && call.Answer == new Answer(Revision: call.Answer.Revision, Content: string.Join(", ", outcomes)) ? after : null;

        bool Repeats(Operation.PutEntry put) =>
            Entries.GetValueOrDefault(put.Resource) is { } before && before == new Entry(put.Target, put.Program, put.Label, before.Revision);

        ErrorCode? Refusal(Operation.PutEntry put, Operation.PutEntry other) =>
            Repeats(put) ? null
            : !allowPending && !Links.Contains(put.Target) ? ErrorCode.InterfaceNotFound
            : put.Program is not null && !Programs.ContainsKey(put.Program) ? ErrorCode.ProgramNotFound
            : (other.Target == put.Target && other.Program != put.Program)
                || Entries.Any(e => e.Key != put.Resource && e.Key != other.Resource && e.Value.Target == put.Target && e.Value.Program != put.Program)
                    ? ErrorCode.EgressProgramConflict
            : !Entries.ContainsKey(put.Resource) && CountOf(put.Devmap) >= SmallSetup.Capacity(put.Devmap) ? ErrorCode.DevmapFull
            : null;
    }

    // All other entries of the devmap go, under the revision of the change.
    private Model? PutTable(Call call, Operation.PutEntry put)
    {
        var (before, kept) = (Entries.GetValueOrDefault(put.Resource), Entries.RemoveRange(Entries.Keys.Where(k => DevmapOf(k) == put.Devmap && k != put.Resource)));
        var (repeats, deleted) = (before == new Entry(put.Target, put.Program, put.Label, before?.Revision ?? 0), Entries.Count - kept.Count);
        if (!repeats && !put.AllowPending && !Links.Contains(put.Target))
            return Refuse(call, ErrorCode.InterfaceNotFound);
        if (!repeats && put.Program is not null && !Programs.ContainsKey(put.Program))
            return Refuse(call, ErrorCode.ProgramNotFound);
        if (!repeats && kept.Any(e => e.Key != put.Resource && e.Value.Target == put.Target && e.Value.Program != put.Program))
            return Refuse(call, ErrorCode.EgressProgramConflict);
        if (call.Answer != new Answer(Revision: call.Answer.Revision, Content: $"{(before is null ? 1 : 0)} {(before is null || repeats ? 0 : 1)} {deleted}"))
            return null;
        if (repeats && deleted == 0)
            return If(call.Answer.Revision >= Revision);
        return call.Answer.Revision is { } revision && revision > Revision
            ? this with { Revision = revision, Entries = repeats ? kept : kept.SetItem(put.Resource, new Entry(put.Target, put.Program, put.Label, revision)) }
            : null;
    }

    private int CountOf(string devmap) => Entries.Keys.Count(k => k.StartsWith(devmap + "/", StringComparison.Ordinal));

    private Model? DeleteEntry(Call call, Operation.DeleteEntry delete)
    {
        var before = Entries.GetValueOrDefault(delete.Resource);
        if (before is null)
            return Refuse(call, ErrorCode.EntryNotFound);
        return Unmet(call, before.Revision) is { } unmet
            ? Refuse(call, unmet)
            : (this with { Entries = Entries.Remove(delete.Resource), Revision = Revision + 1 }).If(call.Answer == new Answer());
    }

    private Model? PutProgram(Call call, Operation.PutProgram put)
    {
        var before = Programs.GetValueOrDefault(put.Name);
        if (Unmet(call, before?.Revision) is { } unmet)
            return Refuse(call, unmet);
        if (before?.Template == put.Template)
            return If(call.Answer == new Answer(Revision: before.Revision, Content: before.Template));
        if (Entries.Values.Any(e => e.Program == put.Name))
            return Refuse(call, ErrorCode.ProgramInUse);
        return Changed(call, before is null, put.Template) is { } changed
            ? changed with { Programs = Programs.SetItem(put.Name, new Program(put.Template, changed.Revision)) }
            : null;
    }

    private Model? DeleteProgram(Call call, Operation.DeleteProgram delete)
    {
        var before = Programs.GetValueOrDefault(delete.Name);
        if (before is null)
            return Refuse(call, ErrorCode.ProgramNotFound);
        if (Unmet(call, before.Revision) is { } unmet)
            return Refuse(call, unmet);
        return Entries.Values.Any(e => e.Program == delete.Name)
            ? Refuse(call, ErrorCode.ProgramInUse)
            : (this with { Programs = Programs.Remove(delete.Name), Revision = Revision + 1 }).If(call.Answer == new Answer());
    }

    // All entries of the target at once, under a revision for each devmap, in the order of the devmaps' names.
    private Model? SetEgressProgram(Call call, Operation.SetEgressProgram swap)
    {
        var entries = Entries.Where(e => e.Value.Target == swap.Target).ToList();
        if (entries.Count == 0 && !Links.Contains(swap.Target))
            return Refuse(call, ErrorCode.InterfaceNotFound);
        var current = entries.Select(e => e.Value.Revision).DefaultIfEmpty().Max();
        if (call.Precondition.Revision is { } expected && expected != current)
            return Refuse(call, ErrorCode.RevisionMismatch);
        if (swap.Program is not null && !Programs.ContainsKey(swap.Program))
            return Refuse(call, ErrorCode.ProgramNotFound);
        var changed = entries.Where(e => e.Value.Program != swap.Program).ToList();
        if (changed.Count == 0)
            return If(call.Answer == new Answer(Revision: current, Content: "0"));
        var devmaps = changed.Select(e => DevmapOf(e.Key)).ToHashSet(StringComparer.Ordinal);
        if (call.Answer.Revision is not { } last || last <= Revision || call.Answer != new Answer(Revision: last, Content: $"{changed.Count}"))
            return null;
        var after = Entries;
        foreach (var (key, entry) in entries.Where(e => devmaps.Contains(DevmapOf(e.Key))))
            after = after.SetItem(key, entry with { Program = swap.Program, Revision = last });
        return this with { Entries = after, Revision = last };
    }

    private static ErrorCode? Unmet(Call call, long? current)
    {
        var wanted = call.Precondition;
        if (wanted.MustNotExist && current is not null)
            return ErrorCode.AlreadyExists;
        return (wanted.MustExist && current is null) || (wanted.Revision is not null && wanted.Revision != current) ? ErrorCode.RevisionMismatch : null;
    }

    private static string DevmapOf(string entry) => entry.Split('/')[0];

    private Model? Refuse(Call call, ErrorCode code) => If(call.Answer.Error == code);

    private Model? Changed(Call call, bool created, string content) =>
        call.Answer.Revision is { } revision && revision > Revision && call.Answer == new Answer(IsCreated: created, Revision: revision, Content: content)
            ? this with { Revision = revision }
            : null;

    private Model? If(bool holds) => holds ? this : null;

    private sealed record Entry(string Target, string? Program, int Label, long Revision)
    {
        public string Content => SmallSetup.EntryText(Target, Program, Label);
    }

    private sealed record Program(string Template, long Revision);
}
