using System.Buffers;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>
/// The room in one page of entries. A page ends before 3.5 MiB, because gRPC clients refuse messages above 4 MiB. The size of an entry
/// is an upper bound for its JSON, which is larger than its protobuf message.
/// </summary>
internal sealed class PageBudget
{
    /// <summary>The most bytes of a page.</summary>
    public const int MaxBytes = 7 * 512 * 1024;

    // Names of fields, numbers, times and punctuation.
    private const int EntryBytes = 820, ChangeBytes = 480, ActionBytes = 180, StateBytes = 320, ConditionBytes = 200, LabelBytes = 10, DropBytes = 150, RemedyBytes = 150;

    // A character that JSON writes as \u0123.
    private const int EscapedBytes = 6;

    // Characters that JSON writes as one byte.
    private static readonly SearchValues<char> _plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .-_/:,");

    // Entries share lists of conditions.
    private readonly Dictionary<IReadOnlyList<Condition>, int> _conditions = new(ReferenceEqualityComparer.Instance);
    private int _left = MaxBytes;

    /// <summary>Takes room for the entry and returns whether there was enough.</summary>
    public bool Take(Entry entry)
    {
        _left -= BytesOf(entry);
        return _left >= 0;
    }

    /// <summary>Takes room for a change of a plan and returns whether there was enough.</summary>
    public bool Take(PlannedChange change)
    {
        _left -= ChangeBytes + BytesOf(change.Key) + BytesOf(change.Before) + BytesOf(change.Spec) + (change.Condition is { } condition ? BytesOf(condition) : 0);
        return _left >= 0;
    }

    /// <summary>Takes room for a change of the history and returns whether there was enough.</summary>
    public bool Take(RecordedChange change)
    {
        _left -= ChangeBytes + BytesOf(change.Actor) + BytesOf(change.Account) + BytesOf(change.RequestId) + BytesOf(change.Resource) + BytesOf(change.Devmap)
            + BytesOf(change.Refusal) + BytesOf(change.TakesBack) + BytesOf(change.Before) + BytesOf(change.After);
        return _left >= 0;
    }

    /// <summary>Takes room for a change of the plan of a reversal and returns whether there was enough.</summary>
    public bool Take(RevertedResource change)
    {
        _left -= ChangeBytes + BytesOf(change.Resource) + BytesOf(change.Before) + BytesOf(change.After);
        return _left >= 0;
    }

    private static int BytesOf(ChangedState? state) => state is null
        ? 0
        : StateBytes + BytesOf(state.Entry) + BytesOf(state.EgressProgram) + BytesOf(state.Attachment?.Labels, state.Attachment?.Owner) + BytesOf(state.Program?.Labels, state.Program?.Owner);

    private static int BytesOf(Labels? labels, string? owner)
    {
        var bytes = BytesOf(owner);
        foreach (var (name, value) in labels ?? Labels.Empty)
            bytes += LabelBytes + BytesOf(name) + BytesOf(value);
        return bytes;
    }

    private int BytesOf(Entry entry) =>
        EntryBytes + BytesOf(entry.Key) + (DropBytes * entry.Status.Drops.Count) + BytesOf(entry.Status.Conditions) + BytesOf(entry.Spec);

    private static int BytesOf(EntrySpec? spec)
    {
        if (spec is null)
            return 0;
        return BytesOf(spec.Interface) + BytesOf(spec.EgressProgram) + BytesOf(spec.Labels, spec.Owner) + BytesOf(spec.Lease) + (spec.Actions is null ? 0 : ActionBytes);
    }

    private int BytesOf(IReadOnlyList<Condition> conditions)
    {
        if (!_conditions.TryGetValue(conditions, out var bytes))
            _conditions.Add(conditions, bytes = conditions.Sum(BytesOf));
        return bytes;
    }

    private static int BytesOf(Condition condition) =>
        ConditionBytes + BytesOf(condition.Type.Name) + BytesOf(condition.Reason) + BytesOf(condition.Message) + BytesOf(condition.Remedy);

    private static int BytesOf(Remedy? remedy) => remedy is null
        ? 0
        : RemedyBytes + BytesOf(remedy.Summary) + remedy.Commands.Sum(BytesOf) + (EscapedBytes * (remedy.Call?.ToString().Length ?? 0));

    private static int BytesOf(string? text)
    {
        if (!text.AsSpan().ContainsAnyExcept(_plain))
            return text?.Length ?? 0;
        var bytes = 0;
        foreach (var c in text!)
            bytes += _plain.Contains(c) ? 1 : EscapedBytes;
        return bytes;
    }
}
