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
        var status = new EntryStatus { State = EntryState.Forwarding, Ifindex = 2 };
        foreach (var type in new[] { "InKernel", "InterfaceUp", "CarrierPresent", "TargetAcceptsRedirect", "IngressAttached" })
            status.Conditions.Add(new Condition { Type = type, Status = true, Reason = "AsWanted", Message = "The kernel has the entry as wanted." });
        return new Devmapd.V1.Entry
        {
            Devmap = devmap,
            Key = key,
            KernelKey = 1,
            Interface = "bench0",
            Revision = 1,
            CreatedAt = _now,
            UpdatedAt = _now,
            Status = status,
        };
    }
}
