using System.Buffers;
using System.Text;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>The forms of a body in the table of changes, as its first byte says.</summary>
internal enum BodyForm : byte
{
    /// <summary>All changes lasted, or the next commit says which did not.</summary>
    Plain = 1,

    /// <summary>Some changes take back changes of the commit before.</summary>
    Voiding = 2,
}

/// <summary>The kinds of changes in a body. A number that has been released never changes its meaning.</summary>
internal enum BodyKind : byte
{
    PutDevmap = 1,
    PutEntry = 2,
    DeleteEntry = 3,
    PutSwap = 4,
    PutAttachment = 5,
    DeleteAttachment = 6,
    PutProgram = 7,
    DeleteProgram = 8,
    PutToken = 9,
    DeleteToken = 10,
    PutLease = 11,
    DeleteLease = 12,

    /// <summary>A devmap with its settings. Builds before schema 12 wrote <see cref="PutDevmap"/>.</summary>
    PutDevmapSpec = 13,
    DeleteDevmap = 14,
}

/// <summary>The parts of a change in a body, in the bits above its <see cref="BodyKind"/>.</summary>
[Flags]
internal enum BodyParts : byte
{
    None = 0,
    Before = 0x20,
    Voids = 0x40,
}

/// <summary>
/// Writes the changes of a commit as bytes. Numbers are variable in length, times and revisions relative to those of the commit, and a text stands
/// there once: a change of one entry takes about a hundred bytes, and one of many in a commit about thirty.
/// </summary>
internal sealed class ChangeWriter
{
    /// <summary>The bits of a <see cref="BodyKind"/>.</summary>
    public const byte KindBits = 0x1f;

    private readonly ArrayBufferWriter<byte> _bytes = new(256);
    private readonly Dictionary<string, int> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<ChangeOrigin, int> _origins = [];
    private HistoryRow _row = null!; // Write sets it

    /// <summary>Returns the body of a commit. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> Write(HistoryRow row)
    {
        _row = row;
        _bytes.ResetWrittenCount();
        _texts.Clear();
        _origins.Clear();
        var form = BodyForm.Plain;
        foreach (var change in row.Changes)
        {
            if (change.Voids > 0)
                form = BodyForm.Voiding;
        }

        Byte((byte)form);
        Count(row.Changes.Count);
        foreach (var change in row.Changes)
            Write(change);
        return _bytes.WrittenSpan;
    }

    private void Write(StoreChange change)
    {
        var parts = (change.Before is null ? BodyParts.None : BodyParts.Before) | (change.Voids > 0 ? BodyParts.Voids : BodyParts.None);
        Byte((byte)((byte)KindOf(change) | (byte)parts));
        Revision(change.Revision);
        Origin(change.Origin ?? ChangeOrigin.Daemon);
        if (change.Voids > 0)
            Revision(change.Voids);
        if (change.Before is not null)
            Record(change.Before, isBefore: true);
        if (change.After is not null)
            Record(change.After, isBefore: false);
        else
            Name(change.Resource!);
        if (change is StoreChange.PutSwap swap)
            Count(swap.Entries);
    }

    private static BodyKind KindOf(StoreChange change) => change switch
    {
        StoreChange.PutDevmap => BodyKind.PutDevmapSpec,
        StoreChange.DeleteDevmap => BodyKind.DeleteDevmap,
        StoreChange.PutEntry => BodyKind.PutEntry,
        StoreChange.DeleteEntry => BodyKind.DeleteEntry,
        StoreChange.PutSwap => BodyKind.PutSwap,
        StoreChange.PutAttachment => BodyKind.PutAttachment,
        StoreChange.DeleteAttachment => BodyKind.DeleteAttachment,
        StoreChange.PutProgram => BodyKind.PutProgram,
        StoreChange.DeleteProgram => BodyKind.DeleteProgram,
        StoreChange.PutToken => BodyKind.PutToken,
        StoreChange.DeleteToken => BodyKind.DeleteToken,
        StoreChange.PutLease => BodyKind.PutLease,
        StoreChange.DeleteLease => BodyKind.DeleteLease,
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "not a change of the desired state that this store knows"),
    };

    private void Origin(ChangeOrigin origin)
    {
        if (_origins.TryGetValue(origin, out var known))
        {
            Count(known);
            return;
        }

        _origins.Add(origin, _origins.Count + 1);
        Count(0);
        Text(origin.Actor);
        Text(origin.Account);
        Text(origin.RequestId);
        Text(origin.TakesBack);
    }

    // The name of a resource that is deleted.
    private void Name(ChangedResource resource)
    {
        if (resource.Devmap is not null)
            Text(resource.Devmap);
        if (resource.Key is { } key)
            Key(key);
        else if (resource.Kind != ChangedKind.Devmap)
            Text(resource.Name);
    }

    private void Record(IDesiredRecord record, bool isBefore)
    {
        switch (record)
        {
            case DevmapRecord devmap:
                Text(devmap.Name);
                Text(DevmapText.Of(devmap.Spec));
                Text(devmap.DeclaredIn.ToString());
                Revision(devmap.Revision);
                Revision(devmap.CreateRevision);
                Time(devmap.CreateTime);
                Time(devmap.UpdateTime);
                break;
            case EntryRecord entry:
                Entry(entry);
                break;
            case SwapRecord swap:
                Text(swap.Devmap);
                Text(swap.Interface);
                Text(swap.EgressProgram);
                Revision(swap.Revision);
                Time(swap.UpdateTime);
                break;
            case AttachmentRecord attachment:
                Attachment(attachment);
                break;
            case EgressProgramRecord program:
                Program(program);
                break;
            case TokenRecord token:
                Token(token, isBefore);
                break;
            case LeaseRecord lease:
                Lease(lease);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(record), record, "not a record that this store knows");
        }
    }

    private void Entry(EntryRecord entry)
    {
        Text(entry.Devmap);
        Key(entry.Key);
        Text(entry.Spec.Interface);
        Text(entry.Spec.EgressProgram);
        Labels(entry.Spec.Labels);
        Text(entry.Spec.Owner);
        Text(ActionsText.Of(entry.Spec.Actions));
        Text(entry.Spec.Lease);
        Text(entry.Spec.OnInterfaceGone == OnInterfaceGone.Keep ? null : entry.Spec.OnInterfaceGone.ToString());
        Duration(entry.Spec.DeleteAfter);
        Revision(entry.Revision);
        Time(entry.CreateTime);
        Time(entry.UpdateTime);
    }

    private void Attachment(AttachmentRecord attachment)
    {
        Text(attachment.Devmap);
        Text(attachment.Interface);
        Text(attachment.Spec.Mode.ToText());
        Text(attachment.Spec.Promiscuous.ToString());
        Labels(attachment.Spec.Labels);
        Text(attachment.Spec.Owner);
        Text(attachment.Spec.Lease);
        Revision(attachment.Revision);
        Time(attachment.CreateTime);
        Time(attachment.UpdateTime);
    }

    private void Program(EgressProgramRecord program)
    {
        Text(program.Name);
        Text(program.Spec.Template.Name);
        Text(program.Spec.Config.Parameters.ToJson());
        Labels(program.Spec.Labels);
        Text(program.Spec.Owner);
        Revision(program.Revision);
        Time(program.CreateTime);
        Time(program.UpdateTime);
    }

    private void Lease(LeaseRecord lease)
    {
        Text(lease.Name);
        Duration(lease.Spec.Ttl);
        Labels(lease.Spec.Labels);
        Text(lease.Spec.Owner);
        Revision(lease.Revision);
        Time(lease.CreateTime);
        Time(lease.UpdateTime);
    }

    // The hash is only for the table of tokens.
    private void Token(TokenRecord token, bool isBefore)
    {
        Text(token.Name);
        Text(isBefore ? "" : token.Hash);
        Text(token.Spec.Role.ToString());
        Byte(token.Spec.ExpireTime is null ? (byte)0 : (byte)1);
        if (token.Spec.ExpireTime is { } end)
            Time(end);
        Text(StoredText.Of(token.Spec.Limits));
        Labels(token.Spec.Labels);
        Text(token.Spec.Owner);
        Revision(token.Revision);
        Time(token.CreateTime);
    }

    private void Key(EntryKey key)
    {
        Text(key.InterfaceName);
        if (key.InterfaceName is null)
            Number(key.Number);
    }

    private void Labels(Labels labels)
    {
        Count(labels.Count);
        foreach (var (name, value) in labels)
        {
            Text(name);
            Text(value);
        }
    }

    // 0 for none, 1 for one that follows, else the place of one that stands before.
    private void Text(string? text)
    {
        if (text is null)
        {
            Count(0);
        }
        else if (_texts.TryGetValue(text, out var known))
        {
            Count(known + 2);
        }
        else
        {
            _texts.Add(text, _texts.Count);
            Count(1);
            var length = Encoding.UTF8.GetByteCount(text);
            Count(length);
            _bytes.Advance(Encoding.UTF8.GetBytes(text, _bytes.GetSpan(length)));
        }
    }

    private void Revision(long revision) => Signed(revision - _row.Last);

    private void Time(DateTimeOffset time) => Signed(time.UtcTicks - _row.Time.UtcTicks);

    // In milliseconds, and 0 for none.
    private void Duration(TimeSpan? duration) => Number(duration is { } time ? (ulong)time.TotalMilliseconds : 0);

    private void Count(int count) => Number((ulong)count);

    private void Signed(long number) => Number((ulong)((number << 1) ^ (number >> 63)));

    private void Number(ulong number)
    {
        var bytes = _bytes.GetSpan(10);
        var length = 0;
        for (; number >= 0x80; number >>= 7)
            bytes[length++] = (byte)(number | 0x80);
        bytes[length++] = (byte)number;
        _bytes.Advance(length);
    }

    private void Byte(byte value)
    {
        _bytes.GetSpan(1)[0] = value;
        _bytes.Advance(1);
    }
}
