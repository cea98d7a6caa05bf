using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using EntryState = ControlPlane.Core.Model.EntryState;
using WireCondition = Devmapd.V1.Condition;
using WireState = Devmapd.V1.EntryState;
using WireStatus = Devmapd.V1.EntryStatus;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Entries between Core and the contract.</summary>
internal static class EntryMessages
{
    public static Devmapd.V1.Entry ToMessage(this ControlPlane.Core.Model.Entry view, ConditionMessages? conditions = null)
    {
        var spec = view.Spec!;
        var message = new Devmapd.V1.Entry
        {
            Devmap = view.Devmap,
            Key = view.Key,
            Interface = spec.Interface,
            Revision = view.Revision!.Value,
            CreatedAt = Timestamp.FromDateTimeOffset(view.CreateTime!.Value),
            UpdatedAt = Timestamp.FromDateTimeOffset(view.UpdateTime!.Value),
            Status = view.Status.ToMessage(conditions),
        };
        if (view.Status.KernelKey is { } kernelKey)
            message.KernelKey = kernelKey;
        if (spec.EgressProgram is { } program)
            message.EgressProgram = program;
        if (spec.Labels.Count > 0)
            message.Labels.Add(spec.Labels.ToDictionary());
        return message;
    }

    public static WireCondition ToMessage(this ControlPlane.Core.Model.Condition condition)
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

    private static WireStatus ToMessage(this ControlPlane.Core.Model.EntryStatus status, ConditionMessages? conditions)
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
            Packets = status.Packets,
            Bytes = status.Bytes,
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
