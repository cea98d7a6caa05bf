namespace ControlPlane.Kernel.Layout;

/// <summary><c>enum devmapd_kind</c>, bpf/devmapd.h: what a config belongs to.</summary>
internal enum devmapd_kind : uint
{
    Redirect = 1,
    Egress = 2,
    Drops = 3,
    Pass = 4,
}
