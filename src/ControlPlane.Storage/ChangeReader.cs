using System.Text;
using ControlPlane.Core.Model;
using ControlPlane.Core.Ports;

namespace ControlPlane.Storage;

/// <summary>Reads what <see cref="ChangeWriter"/> wrote.</summary>
internal sealed class ChangeReader
{
    private readonly byte[] _body;
    private readonly long _last;
    private readonly long _time;
    private readonly List<string> _texts = [];
    private readonly List<ChangeOrigin> _origins = [];
    private int _at = 1;

    private ChangeReader(byte[] body, long last, DateTimeOffset time) => (_body, _last, _time) = (body, last, time.UtcTicks);

    /// <summary>Whether some changes take back changes of the commit before.</summary>
    public static bool IsVoiding(byte[] body) => body is [(byte)BodyForm.Voiding, ..];

    /// <summary>Returns the changes of a commit.</summary>
    /// <param name="body">The body.</param>
    /// <param name="last">The last revision of the commit.</param>
    /// <param name="time">When it was stored.</param>
    /// <exception cref="FormatException">The body is something else.</exception>
    public static IReadOnlyList<StoreChange> Read(byte[] body, long last, DateTimeOffset time)
    {
        try
        {
            if (body is not [(byte)BodyForm.Plain or (byte)BodyForm.Voiding, ..])
                throw new FormatException("its form is not one that this version knows");
            var reader = new ChangeReader(body, last, time);
            var changes = new StoreChange[reader.Count()];
            for (var i = 0; i < changes.Length; i++)
                changes[i] = reader.Change();
            return reader._at == body.Length ? changes : throw new FormatException("it is too long");
        }
        catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException or System.Text.Json.JsonException)
        {
            throw new FormatException($"the change of revision {last} cannot be read: {e.Message}", e);
        }
    }

    private StoreChange Change()
    {
        var head = Byte();
        var (kind, parts) = ((BodyKind)(head & ChangeWriter.KindBits), (BodyParts)(head & ~ChangeWriter.KindBits));
        var (revision, origin) = (Revision(), Origin());
        var voids = parts.HasFlag(BodyParts.Voids) ? Revision() : 0;
        var before = parts.HasFlag(BodyParts.Before) ? Record(kind) : null;
        var change = Change(kind) with { Revision = revision, Origin = origin, Voids = voids, Before = before };
        return change is StoreChange.PutDevmap { Devmap.Revision: 0 } old ? old with { Devmap = old.Devmap with { Revision = revision } } : change;
    }

    private StoreChange Change(BodyKind kind) => kind switch
    {
        BodyKind.PutDevmap => new StoreChange.PutDevmap(OldDevmap()),
        BodyKind.PutDevmapSpec => new StoreChange.PutDevmap(Devmap()),
        BodyKind.DeleteDevmap => new StoreChange.DeleteDevmap(Name()),
        BodyKind.PutEntry => new StoreChange.PutEntry(Entry()),
        BodyKind.DeleteEntry => new StoreChange.DeleteEntry(Name(), Key()),
        BodyKind.PutSwap => new StoreChange.PutSwap(Swap()) { Entries = Count() },
        BodyKind.PutAttachment => new StoreChange.PutAttachment(Attachment()),
        BodyKind.DeleteAttachment => new StoreChange.DeleteAttachment(Name(), Name()),
        BodyKind.PutProgram => new StoreChange.PutProgram(Program()),
        BodyKind.DeleteProgram => new StoreChange.DeleteProgram(Name()),
        BodyKind.PutToken => new StoreChange.PutToken(Token()),
        BodyKind.DeleteToken => new StoreChange.DeleteToken(Name()),
        BodyKind.PutLease => new StoreChange.PutLease(Lease()),
        BodyKind.DeleteLease => new StoreChange.DeleteLease(Name()),
        _ => throw new FormatException("it has a kind of change that this version does not know"),
    };

    private IDesiredRecord Record(BodyKind kind) => kind switch
    {
        BodyKind.PutDevmap => OldDevmap(),
        BodyKind.PutDevmapSpec or BodyKind.DeleteDevmap => Devmap(),
        BodyKind.PutEntry or BodyKind.DeleteEntry => Entry(),
        BodyKind.PutSwap => Swap(),
        BodyKind.PutAttachment or BodyKind.DeleteAttachment => Attachment(),
        BodyKind.PutProgram or BodyKind.DeleteProgram => Program(),
        BodyKind.PutToken or BodyKind.DeleteToken => Token(),
        BodyKind.PutLease or BodyKind.DeleteLease => Lease(),
        _ => throw new FormatException("it has a kind of change that this version does not know"),
    };

    private ChangeOrigin Origin()
    {
        if (Count() is > 0 and var known)
            return _origins[known - 1];
        var origin = new ChangeOrigin(Name(), Name(), Name()) { TakesBack = Text() };
        _origins.Add(origin);
        return origin;
    }

    private DevmapRecord OldDevmap() => new(Name(), DevmapText.Parse(Name())) { CreateTime = Time(), UpdateTime = Time() };

    private DevmapRecord Devmap() => new(Name(), DevmapText.Parse(Name()))
    {
        DeclaredIn = Enum.Parse<DeclaredIn>(Name()), Revision = Revision(), CreateRevision = Revision(), CreateTime = Time(), UpdateTime = Time(),
    };

    private EntryRecord Entry() => new(Name(), Key(), Spec(), Revision(), Time(), Time());

    private EntrySpec Spec() => new(Name(), Text(), Labels(), Text(), Actions())
    {
        Lease = Text(),
        OnInterfaceGone = Text() is { } gone ? Enum.Parse<OnInterfaceGone>(gone) : OnInterfaceGone.Keep,
        DeleteAfter = Duration(),
    };

    private EntryActions? Actions() => Text() is { } text ? ActionsText.Parse(text) : null;

    private SwapRecord Swap() => new(Name(), Name(), Text(), Revision(), Time());

    private AttachmentRecord Attachment() => new(
        Name(), Name(), new AttachmentSpec(Enum.Parse<AttachMode>(Name(), ignoreCase: true), Enum.Parse<Promiscuous>(Name()), Labels(), Text()) { Lease = Text() }, Revision(), Time(), Time());

    private EgressProgramRecord Program()
    {
        var name = Name();
        return new(name, new EgressProgramSpec(StoredText.Config(name, Name(), Name()), Labels(), Text()), Revision(), Time(), Time());
    }

    private LeaseRecord Lease() => new(Name(), new LeaseSpec(Duration() ?? TimeSpan.Zero, Labels(), Text()), Revision(), Time(), Time());

    private TokenRecord Token()
    {
        var (name, hash, role) = (Name(), Name(), Enum.Parse<Role>(Name()));
        DateTimeOffset? end = Byte() == 0 ? null : Time();
        return new(name, hash, new TokenSpec(role, end, StoredText.Limits(Name()), Labels(), Text()), Revision(), Time());
    }

    private EntryKey Key() => Text() is { } name ? EntryKey.OfInterface(name) : EntryKey.OfNumber(checked((uint)Number()));

    private Labels Labels()
    {
        var labels = new KeyValuePair<string, string>[Count()];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = new(Name(), Name());
        return Core.Model.Labels.Of(labels);
    }

    private string Name() => Text() ?? throw new FormatException("a name is missing");

    private string? Text()
    {
        if (Count() is var known && known != 1)
            return known == 0 ? null : _texts[known - 2];
        var length = Count();
        var text = Encoding.UTF8.GetString(_body, _at, length);
        _at += length;
        _texts.Add(text);
        return text;
    }

    private long Revision() => _last + Signed();

    private DateTimeOffset Time() => new(_time + Signed(), TimeSpan.Zero);

    private TimeSpan? Duration() => Number() is > 0 and var milliseconds ? TimeSpan.FromMilliseconds(checked((long)milliseconds)) : null;

    private int Count() => checked((int)Number());

    private long Signed()
    {
        var number = Number();
        return (long)(number >> 1) ^ -(long)(number & 1);
    }

    private ulong Number()
    {
        ulong number = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = _body[_at++];
            number |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return number;
            if (shift >= 63)
                throw new FormatException("it has a number that is too long");
        }
    }

    private byte Byte() => _body[_at++];
}
