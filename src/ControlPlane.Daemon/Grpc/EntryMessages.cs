using ControlPlane.Core.Entries;
using ControlPlane.Core.Errors;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using EntryState = ControlPlane.Core.Entries.EntryState;
using WireCondition = Devmapd.V1.Condition;
using WireState = Devmapd.V1.EntryState;
using WireStatus = Devmapd.V1.EntryStatus;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Entries between Core and the contract.</summary>
internal static class EntryMessages
{
    public static Entry ToMessage(this EntryView view, ConditionMessages? conditions = null)
    {
        var record = view.Record;
        var message = new Entry
        {
            Devmap = record.Devmap,
            Key = view.KeyText,
            Interface = record.Interface,
            Revision = record.Revision,
            CreatedAt = Timestamp.FromDateTimeOffset(record.CreatedAt),
            UpdatedAt = Timestamp.FromDateTimeOffset(record.UpdatedAt),
            Status = view.Status.ToMessage(conditions),
        };
        if (view.KernelKey is { } kernelKey)
            message.KernelKey = kernelKey;
        if (record.EgressProgram is { } program)
            message.EgressProgram = program;
        if (!record.Labels.IsEmpty)
            message.Labels.Add(record.Labels);
        return message;
    }

    public static WireCondition ToMessage(this Core.Entries.Condition condition)
    {
        var message = new WireCondition
        {
            Type = condition.Type,
            Status = condition.Status,
            Reason = condition.Reason,
            Message = condition.Message,
        };
        if (condition.Remedy is { } remedy)
            message.Remedy = remedy;
        return message;
    }

    public static EntryQuery ToQuery(this ListEntriesRequest request, Violations faults) => new(
        request.HasPageSize ? request.PageSize : null,
        request.PageToken,
        request.HasInterface ? request.Interface : null,
        request.HasEgressProgram ? request.EgressProgram : null,
        Texts.OfState(request.State, faults),
        request.Label.Count > 0 ? request.Label : null);

    public static EntryRequest ToBody(this PutEntryRequest request) => new(
        request.Interface.Length > 0 ? request.Interface : null,
        request.HasEgressProgram ? request.EgressProgram : null,
        request.Labels.Count > 0 ? request.Labels.ToDictionary() : null,
        request.AllowPending);

    private static WireStatus ToMessage(this Core.Entries.EntryStatus status, ConditionMessages? conditions)
    {
        var message = new WireStatus
        {
            State = status.State switch
            {
                EntryState.Forwarding => WireState.Forwarding,
                EntryState.Undeliverable => WireState.Undeliverable,
                EntryState.Pending => WireState.Pending,
                EntryState.Failed => WireState.Failed,
                _ => throw new ArgumentOutOfRangeException(nameof(status), status.State, "not in the contract"),
            },
            Packets = status.Counters.Packets,
            Bytes = status.Counters.Bytes,
        };
        if (status.Ifindex is { } ifindex)
            message.Ifindex = ifindex;
        if (status.EgressProgramId is { } programId)
            message.EgressProgramId = programId;
        message.Drops.AddRange(status.Drops.Select(DropMessages.ToMessage));
        message.Conditions.Capacity = status.Conditions.Count;
        foreach (var condition in status.Conditions)
            message.Conditions.Add(conditions?.Of(condition) ?? condition.ToMessage());
        return message;
    }
}
