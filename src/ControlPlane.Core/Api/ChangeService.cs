using System.Globalization;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;
using ControlPlane.Core.State;

namespace ControlPlane.Core.Api;

/// <summary>The changes that the store keeps: who has changed what, and when.</summary>
internal sealed class ChangeService(ControlPlaneState state, ChangeHistory history)
{
    // Commits are read in parts of about so many changes. A page looks at so many changes at most, whether they pass the filters or not.
    private const int PerRead = 512, MostScanned = 20_000;

    /// <summary>Returns one page of the changes.</summary>
    /// <exception cref="ControlPlaneException">The query is wrong, or the store cannot be read.</exception>
    public ChangeList List(ChangeQuery query, RequestContext request)
    {
        var token = Validate(query, request.Violations);
        try
        {
            var floor = history.Floor;
            if (query is { Order: ChangeOrder.Oldest, SinceRevision: { } since } && since - 1 < floor)
                throw new ControlPlaneException(ChangeErrors.Compacted(since - 1, floor));
            var page = new Page(query, request.Caller, state.Current);
            if (query.Order == ChangeOrder.Newest)
                ReadBack(page, token ?? new ChangeToken(EndOf(query), 0));
            else
                Read(page, token ?? new ChangeToken(Math.Max(floor, (query.SinceRevision ?? 0) - 1), 0));
            return new ChangeList(page.Changes, page.Next?.Encode(query), floor == long.MaxValue ? 0 : floor + 1);
        }
        catch (StoreException e)
        {
            throw new ControlPlaneException(ChangeErrors.Unreadable(e.Message), e);
        }
    }

    private static ChangeToken? Validate(ChangeQuery query, Violations violations)
    {
        if (query.PageSize is < 1 or > ChangeQuery.MaxPageSize)
            violations.Add("pageSize", string.Create(CultureInfo.InvariantCulture, $"must be 1 to {ChangeQuery.MaxPageSize}"));
        if (!string.IsNullOrEmpty(query.Owner) && !LabelRules.IsOwner(query.Owner))
            violations.Add("owner", LabelRules.OwnerRule);
        if (query.SinceRevision < 0 && !violations.Has("sinceRevision"))
            violations.Add("sinceRevision", "must not be negative");
        if (query.UntilRevision < 0 && !violations.Has("untilRevision"))
            violations.Add("untilRevision", "must not be negative");
        ChangeToken? token = null;
        if (!string.IsNullOrEmpty(query.PageToken))
        {
            token = ChangeToken.Decode(query.PageToken, query, out var problem);
            if (problem is not null)
                violations.Add("pageToken", problem);
        }

        violations.ThrowIfAny();
        return token;
    }

    // The end of the commit that has the newest revision.
    private long EndOf(ChangeQuery query)
    {
        if (query.UntilRevision is not { } until)
            return long.MaxValue;
        return history.Read(until - 1, 1) is [var commit, ..] ? commit.LastRevision + 1 : until < long.MaxValue ? until + 1 : until;
    }

    private void ReadBack(Page page, ChangeToken from)
    {
        while (history.ReadBack(from.Bound, PerRead) is { Count: > 0 } commits)
        {
            foreach (var commit in commits)
            {
                if (!page.Add(commit, commit.Changes.Reverse().ToList(), commit.LastRevision + 1, from.Skip))
                    return;
                from = new ChangeToken(commit.FirstRevision, 0);
                if (page.IsBefore(commit))
                    return;
            }

            if (page.Scanned > MostScanned)
            {
                page.Next = from;
                return;
            }
        }
    }

    private void Read(Page page, ChangeToken from)
    {
        while (true)
        {
            var commits = history.Read(from.Bound, PerRead) ?? throw new ControlPlaneException(ChangeErrors.Compacted(from.Bound, history.Floor));
            if (commits.Count == 0)
                return;
            foreach (var commit in commits)
            {
                if (page.IsAfter(commit) || !page.Add(commit, commit.Changes, from.Bound, from.Skip))
                    return;
                from = new ChangeToken(commit.LastRevision, 0);
            }

            if (page.Scanned > MostScanned)
            {
                page.Next = from;
                return;
            }
        }
    }

    /// <summary>A page that is being filled.</summary>
    private sealed class Page(ChangeQuery query, Caller caller, Snapshot snapshot)
    {
        private readonly PageBudget _budget = new();

        public List<RecordedChange> Changes { get; } = [];

        public int Scanned { get; private set; }

        public ChangeToken? Next { get; set; }

        /// <summary>Adds the changes of a commit; false if the page is full, which its token then says.</summary>
        public bool Add(ChangeCommit commit, IReadOnlyList<ChangeRecord> changes, long bound, int skip)
        {
            for (var i = skip; i < changes.Count; i++)
            {
                Scanned++;
                if (!Accepts(commit, changes[i]))
                    continue;
                var shown = Shown(changes[i]);
                if (query.Key is { Length: > 0 } key && KeyOf(changes[i].Resource) != key)
                    continue;
                if (Changes.Count == (query.PageSize ?? ChangeQuery.DefaultPageSize) || (!_budget.Take(shown) && Changes.Count > 0))
                {
                    Next = new ChangeToken(bound, i);
                    return false;
                }

                Changes.Add(shown);
            }

            return true;
        }

        /// <summary>Whether the commits before this one are too old.</summary>
        public bool IsBefore(ChangeCommit commit) => commit.FirstRevision <= query.SinceRevision || commit.Time < query.SinceTime;

        /// <summary>Whether the commit and those after it are too new.</summary>
        public bool IsAfter(ChangeCommit commit) => commit.FirstRevision > query.UntilRevision || commit.Time > query.UntilTime;

        private bool Accepts(ChangeCommit commit, ChangeRecord change)
        {
            // Only administrators see tokens.
            if (change.Resource.Kind == ChangedKind.Token && caller.Role != Role.Admin)
                return false;
            if (change.Revision < query.SinceRevision || change.Revision > query.UntilRevision || commit.Time < query.SinceTime || commit.Time > query.UntilTime)
                return false;
            if (!string.IsNullOrEmpty(query.Devmap) && change.Resource.Devmap != query.Devmap)
                return false;
            if (!string.IsNullOrEmpty(query.Actor) && change.Origin.Actor != query.Actor && change.Origin.Account != query.Actor)
                return false;
            return string.IsNullOrEmpty(query.Owner) || OwnerOf(change.Before) == query.Owner || OwnerOf(change.After) == query.Owner;
        }

        private static string? OwnerOf(IDesiredRecord? record) => record switch
        {
            EntryRecord entry => entry.Spec.Owner,
            AttachmentRecord attachment => attachment.Spec.Owner,
            EgressProgramRecord program => program.Spec.Owner,
            LeaseRecord lease => lease.Spec.Owner,
            _ => null,
        };

        private string? KeyOf(ChangedResource resource) => resource.Key is { } key ? ChangedNames.KeyText(snapshot, resource.Devmap!, key) : null;

        private RecordedChange Shown(ChangeRecord change) => new(
            change.Revision,
            change.Time,
            change.Origin.Actor,
            change.Origin.Account,
            change.Origin.RequestId,
            ChangedNames.Of(snapshot, change.Resource),
            change.Resource.Kind,
            change.Resource.Devmap,
            change.Count,
            ChangedState.Of(change.Before),
            ChangedState.Of(change.After),
            change.Refusal,
            change.Origin.TakesBack);
    }
}

/// <summary>The names of changed resources.</summary>
internal static class ChangedNames
{
    /// <summary>Returns the name of a resource.</summary>
    public static string Of(Snapshot snapshot, ChangedResource resource) => resource.Kind switch
    {
        ChangedKind.Devmap => $"devmaps/{resource.Devmap}",
        ChangedKind.Entry => $"devmaps/{resource.Devmap}/entries/{KeyText(snapshot, resource.Devmap!, resource.Key!.Value)}",
        ChangedKind.InterfaceProgram => $"interfaces/{resource.Name}",
        ChangedKind.Attachment => $"devmaps/{resource.Devmap}/attachments/{resource.Name}",
        ChangedKind.Program => $"programs/{resource.Name}",
        ChangedKind.Token => $"tokens/{resource.Name}",
        ChangedKind.Lease => $"leases/{resource.Name}",
        var kind => throw new ArgumentOutOfRangeException(nameof(resource), kind, "not a kind of resource"),
    };

    /// <summary>Returns the text form of a key; that of a number if the devmap no longer exists.</summary>
    public static string KeyText(Snapshot snapshot, string devmap, EntryKey key) =>
        snapshot.Devmaps.GetValueOrDefault(devmap)?.Definition.Spec.KeySelector.Format(key)
        ?? key.InterfaceName ?? key.Number.ToString(CultureInfo.InvariantCulture);
}
