using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>The effect of one item.</summary>
public enum ItemOutcome
{
    /// <summary>The entry is new.</summary>
    Created,

    /// <summary>The entry was there, and has changed.</summary>
    Changed,

    /// <summary>The entry was there as desired.</summary>
    Unchanged,

    /// <summary>The entry was deleted.</summary>
    Deleted,

    /// <summary>The item failed, and the entry is as it was.</summary>
    Failed,
}

/// <summary>Why one item failed.</summary>
/// <param name="Code">The stable code, as an error of a whole call has it.</param>
/// <param name="Detail">This error in a sentence. When an answer has very many errors, the later ones have the title of their code here.</param>
/// <param name="Resource">The resource that the error is about. Null for none.</param>
/// <param name="Errors">The wrong fields of the item; empty if no field is to blame.</param>
public sealed record ItemError(string Code, string Detail, string? Resource, IReadOnlyList<FieldViolation> Errors);

/// <summary>The result of one item, without what changes afterwards.</summary>
/// <param name="Outcome">The effect of the item.</param>
/// <param name="Revision">The revision of the entry, or of its deletion. Null if the item failed.</param>
/// <param name="Error">Why the item failed. Null if it did not.</param>
public sealed record ItemResult(ItemOutcome Outcome, long? Revision, ItemError? Error = null);

/// <summary>The results of a call that writes several entries.</summary>
/// <param name="Results">The result of each item, in order.</param>
/// <param name="Revision">The daemon's revision after the call.</param>
public sealed record ItemResults(IReadOnlyList<ItemResult> Results, long Revision)
{
    /// <summary>Returns the bytes that the store keeps.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write7BitEncodedInt64(Revision);
        writer.Write7BitEncodedInt(Results.Count);
        foreach (var result in Results)
            Write(writer, result);
        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Returns the results that the store has kept.</summary>
    public static ItemResults Of(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var revision = reader.Read7BitEncodedInt64();
        var results = new ItemResult[reader.Read7BitEncodedInt()];
        for (var i = 0; i < results.Length; i++)
            results[i] = Read(reader);
        return new ItemResults(results, revision);
    }

    private static void Write(BinaryWriter writer, ItemResult result)
    {
        writer.Write((byte)result.Outcome);
        if (result.Error is not { } error)
        {
            writer.Write7BitEncodedInt64(result.Revision ?? 0);
            return;
        }

        writer.Write(error.Code);
        writer.Write(error.Detail);
        writer.Write(error.Resource ?? "");
        writer.Write7BitEncodedInt(error.Errors.Count);
        foreach (var (field, message) in error.Errors)
        {
            writer.Write(field);
            writer.Write(message);
        }
    }

    private static ItemResult Read(BinaryReader reader)
    {
        var outcome = (ItemOutcome)reader.ReadByte();
        if (outcome != ItemOutcome.Failed)
            return new ItemResult(outcome, reader.Read7BitEncodedInt64());
        var (code, detail, resource) = (reader.ReadString(), reader.ReadString(), reader.ReadString());
        var fields = new FieldViolation[reader.Read7BitEncodedInt()];
        for (var i = 0; i < fields.Length; i++)
            fields[i] = new FieldViolation(reader.ReadString(), reader.ReadString());
        return new ItemResult(outcome, null, new ItemError(code, detail, resource.Length == 0 ? null : resource, fields));
    }
}
