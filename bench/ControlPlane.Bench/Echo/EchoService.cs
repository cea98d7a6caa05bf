using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace ControlPlane.Bench.Echo;

/// <summary>Answers entries as large as the daemon's, with nothing behind them.</summary>
internal sealed class EchoService : Devmapd.V1.DevmapService.DevmapServiceBase
{
    private readonly Timestamp _now = DateTime.UtcNow.ToTimestamp();

    public override Task<PutEntryResponse> PutEntry(PutEntryRequest request, ServerCallContext context) =>
        Task.FromResult(new PutEntryResponse { Entry = Answer(request.Devmap, request.Key), Created = true });

    public override Task<GetEntryResponse> GetEntry(GetEntryRequest request, ServerCallContext context) =>
        Task.FromResult(new GetEntryResponse { Entry = Answer(request.Devmap, request.Key) });

    public override Task<DeleteEntryResponse> DeleteEntry(DeleteEntryRequest request, ServerCallContext context) =>
        Task.FromResult(new DeleteEntryResponse());

    private Devmapd.V1.Entry Answer(string devmap, string key)
    {
        var status = new EntryStatus { State = EntryState.Forwarding, KernelKey = 1, Ifindex = 2 };
        foreach (var type in new[] { "InKernel", "InterfaceUp", "CarrierPresent", "TargetAcceptsRedirect", "IngressAttached" })
        {
            status.Conditions.Add(new Condition
            {
                Type = type,
                Status = ConditionStatus.True,
                Reason = "AsDesired",
                Message = "The kernel has the entry as desired.",
                LastTransitionTime = _now,
            });
        }

        return new Entry
        {
            Devmap = devmap,
            Key = key,
            Revision = 1,
            CreateTime = _now,
            UpdateTime = _now,
            Spec = new() { Interface = "bench0" },
            Status = status,
        };
    }
}
