using System.Security.Cryptography;
using ControlPlane.Core.Model;

namespace ControlPlane.Core.Api;

/// <summary>The hash by which a repeat of a batch is known. REST and gRPC requests that mean the same have the same one.</summary>
internal static class BatchHash
{
    /// <summary>Returns the SHA-256 of a batch, in hexadecimal. The batch is not yet validated: any member can be missing.</summary>
    public static string Of(EntryBatch batch, bool allowPending, bool force)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((int)batch.Mode);
        writer.Write(allowPending);
        foreach (var item in batch.Items)
            Write(writer, item);
        if (force)
            writer.Write(nameof(force));
        writer.Flush();
        return Convert.ToHexString(SHA256.HashData(bytes.GetBuffer().AsSpan(0, (int)bytes.Length)));
    }

    private static void Write(BinaryWriter writer, BatchItem? item)
    {
        writer.Write(item?.Put is not null);
        if (item?.Put is { } put)
        {
            Write(writer, put.Devmap, put.Key, put.ExpectedRevision);
            Write(writer, put.Spec);
        }

        writer.Write(item?.Delete is not null);
        if (item?.Delete is not { } delete)
            return;
        Write(writer, delete.Devmap, delete.Key, delete.ExpectedRevision);
        if (!string.IsNullOrEmpty(delete.Owner))
            writer.Write(delete.Owner);
    }

    private static void Write(BinaryWriter writer, string? devmap, string? key, long? expectedRevision)
    {
        writer.Write(devmap ?? "");
        writer.Write(key ?? "");
        writer.Write(expectedRevision is not null);
        writer.Write(expectedRevision ?? 0);
    }

    private static void Write(BinaryWriter writer, EntrySpec? spec)
    {
        writer.Write(spec?.Interface ?? "");
        writer.Write(spec?.EgressProgram ?? "");
        writer.Write(spec?.Owner ?? "");
        Write(writer, spec?.Actions);
        if (!string.IsNullOrEmpty(spec?.Lease))
            writer.Write(spec.Lease);
        if (spec is { OnInterfaceGone: not OnInterfaceGone.Keep } || spec?.DeleteAfter is not null)
        {
            writer.Write((int)spec.OnInterfaceGone);
            writer.Write(spec.DeleteAfter?.Ticks ?? 0);
        }
        var labels = spec?.Labels ?? Labels.Empty;
        writer.Write(labels.Count);
        foreach (var (name, value) in labels.OrderBy(l => l.Key, StringComparer.Ordinal))
        {
            writer.Write(name);
            writer.Write(value ?? "");
        }
    }

    // A batch without actions, leases, ends of interfaces, force and owners of deletions has the hash that it had before there were any: the keys of calls outlive an upgrade.
    private static void Write(BinaryWriter writer, EntryActions? actions)
    {
        if (actions is null)
            return;
        writer.Write(ActionRules.Field);
        writer.Write(actions.SourceMac?.ToString() ?? "");
        writer.Write(actions.DestinationMac?.ToString() ?? "");
        writer.Write(actions.SetVlan ?? -1);
        writer.Write(actions.PushVlan ?? -1);
        writer.Write(actions.PopVlan);
        writer.Write(actions.DecrementTtl);
    }
}
