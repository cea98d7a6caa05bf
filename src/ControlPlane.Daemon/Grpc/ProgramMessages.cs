using ControlPlane.Core.Api;
using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Egress programs between Core and the contract.</summary>
internal static class ProgramMessages
{
    public static Devmapd.V1.Program ToMessage(this ControlPlane.Core.Model.EgressProgram view) => new()
    {
        Name = view.Name,
        Template = view.Spec.Config.Template switch
        {
            EgressTemplate.Count => ProgramTemplate.Count,
            EgressTemplate.Drop => ProgramTemplate.Drop,
            EgressTemplate.RewriteMac => ProgramTemplate.RewriteMac,
            EgressTemplate.PushVlan => ProgramTemplate.PushVlan,
            EgressTemplate.PopVlan => ProgramTemplate.PopVlan,
            _ => throw new ArgumentOutOfRangeException(nameof(view), view.Spec.Config.Template, "not in the contract"),
        },
        Parameters = Parameters(view.Spec.Config),
        Revision = view.Revision,
        CreatedAt = Timestamp.FromDateTimeOffset(view.CreateTime),
        UpdatedAt = Timestamp.FromDateTimeOffset(view.UpdateTime),
        Status = new Devmapd.V1.ProgramStatus
        {
            KernelProgramId = view.Status.ProgramId,
            Entries = (uint)view.Status.Entries,
            Packets = view.Status.Packets,
            Bytes = view.Status.Bytes,
        },
    };

    public static ProgramRequest ToBody(this PutProgramRequest request, Violations faults)
    {
        var parameters = request.Parameters;
        return new ProgramRequest(
            Texts.OfTemplate(request.Template, faults),
            parameters is { HasSourceMac: true } ? parameters.SourceMac : null,
            parameters is { HasDestinationMac: true } ? parameters.DestinationMac : null,
            parameters is { HasVlanId: true } ? parameters.VlanId : null);
    }

    private static ProgramParameters Parameters(EgressProgramConfig spec)
    {
        var parameters = new ProgramParameters();
        if (spec.SourceMac is { } source)
            parameters.SourceMac = source.ToString();
        if (spec.DestinationMac is { } destination)
            parameters.DestinationMac = destination.ToString();
        if (spec.VlanId is { } vlan)
            parameters.VlanId = vlan;
        return parameters;
    }
}
