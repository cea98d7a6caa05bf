using ControlPlane.Core.Model;
using Devmapd.V1;
using Google.Protobuf.WellKnownTypes;
using CoreDrift = ControlPlane.Core.Model.Drift;
using CoreElement = ControlPlane.Core.Model.DriftElement;
using CoreKind = ControlPlane.Core.Model.DriftKind;

namespace ControlPlane.Daemon.Grpc;

/// <summary>Audits from Core to the contract.</summary>
internal static class AuditMessages
{
    public static AuditDevmapResponse ToMessage(this AuditReport report)
    {
        var message = new AuditDevmapResponse
        {
            Revision = report.Revision,
            StartTime = Timestamp.FromDateTimeOffset(report.StartedAt),
            Duration = Duration.FromTimeSpan(report.Duration),
            Checked = report.Checked,
            Found = report.Found,
            Repaired = report.Repaired,
            Repair = report.Repair,
        };
        message.Drifts.AddRange(report.Drifts.Select(ToMessage));
        return message;
    }

    public static AuditSummary? ToMessage(this AuditTally tally) => tally.Last is not { } last ? null : new AuditSummary
    {
        LastStartTime = Timestamp.FromDateTimeOffset(last.StartedAt),
        LastFound = last.Found,
        LastRepaired = last.Repaired,
        Audits = tally.Audits,
        Found = tally.Found,
        Repaired = tally.Repaired,
    };

    private static Devmapd.V1.Drift ToMessage(CoreDrift drift)
    {
        var message = new Devmapd.V1.Drift
        {
            Kind = drift.Kind switch
            {
                CoreKind.Missing => Devmapd.V1.DriftKind.Missing,
                CoreKind.Changed => Devmapd.V1.DriftKind.Changed,
                CoreKind.Foreign => Devmapd.V1.DriftKind.Foreign,
                CoreKind.Detached => Devmapd.V1.DriftKind.Detached,
                CoreKind.Inactive => Devmapd.V1.DriftKind.Inactive,
                _ => throw new ArgumentOutOfRangeException(nameof(drift), drift.Kind, "not in the contract"),
            },
            Key = drift.Key ?? "",
            Interface = drift.Interface ?? "",
            Found = ToMessage(drift.Found),
            Wanted = ToMessage(drift.Wanted),
            Repaired = drift.Repaired,
            Failure = drift.Failure ?? "",
        };
        if (drift.KernelKey is { } kernelKey)
            message.KernelKey = kernelKey;
        return message;
    }

    private static Devmapd.V1.DriftElement? ToMessage(CoreElement? element)
    {
        if (element is null)
            return null;
        var message = new Devmapd.V1.DriftElement { Ifindex = element.Ifindex, Interface = element.Interface ?? "", EgressProgram = element.EgressProgram ?? "" };
        if (element.EgressProgramId is { } id)
            message.EgressProgramId = id;
        return message;
    }
}
