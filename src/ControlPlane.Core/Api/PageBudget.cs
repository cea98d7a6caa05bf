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
    private const int EntryBytes = 700, ConditionBytes = 200, LabelBytes = 10, DropBytes = 150, RemedyBytes = 150;

    // A character that JSON writes as \u0123.
    private const int EscapedBytes = 6;

    private readonly Dictionary<Condition, int> _conditions = new(ReferenceEqualityComparer.Instance);
    private int _left = MaxBytes;

    /// <summary>Takes room for the entry and returns whether there was enough.</summary>
    public bool Take(Entry entry)
    {
        _left -= BytesOf(entry);
        return _left >= 0;
    }

    private int BytesOf(Entry entry)
    {
        var bytes = EntryBytes + BytesOf(entry.Key) + (DropBytes * entry.Status.Drops.Count) + BytesOf(entry.Status.Conditions);
        if (entry.Spec is not { } spec)
            return bytes;
        foreach (var (name, value) in spec.Labels)
            bytes += LabelBytes + BytesOf(name) + BytesOf(value);
        return bytes + BytesOf(spec.Interface) + BytesOf(spec.EgressProgram) + BytesOf(spec.Owner);
    }

    private int BytesOf(IReadOnlyList<Condition> conditions)
    {
        var bytes = 0;
        foreach (var condition in conditions)
            bytes += BytesOf(condition);
        return bytes;
    }

    // Entries share conditions, except the one about their own elements.
    private int BytesOf(Condition condition)
    {
        if (condition.Type.Subject == ConditionSubject.Entry)
            return Count();
        if (!_conditions.TryGetValue(condition, out var bytes))
            _conditions.Add(condition, bytes = Count());
        return bytes;

        int Count() => ConditionBytes + BytesOf(condition.Type.Name) + BytesOf(condition.Reason) + BytesOf(condition.Message) + BytesOf(condition.Remedy);
    }

    private static int BytesOf(Remedy? remedy) => remedy is null
        ? 0
        : RemedyBytes + BytesOf(remedy.Summary) + remedy.Commands.Sum(BytesOf) + (EscapedBytes * (remedy.Call?.ToString().Length ?? 0));

    private static int BytesOf(string? text)
    {
        var bytes = 0;
        foreach (var c in text ?? "")
            bytes += char.IsAsciiLetterOrDigit(c) || c is ' ' or '.' or '-' or '_' or '/' or ':' or ',' ? 1 : EscapedBytes;
        return bytes;
    }
}
